"""The HTML of t.me, as far as its readers look at it."""

import base64
import json
from datetime import UTC, datetime
from html import escape

from sandbox.posts import Post
from sandbox.world import Channel

CDN = "cdn4.telesco.pe"
EMOJI = ("❤", "👍", "🔥", "👏")
_CUSTOM = "5368324170671202286"

HOME = (
    "<!DOCTYPE html><html><head><title>Telegram Messenger</title></head>"
    '<body><div class="tl_page_wrap"><h3>a new era of messaging</h3></div></body></html>'
)


def rounded(number: int) -> str:
    """Three figures at most, as the preview writes them: 771, 14.3K, 4.21M, 132K. Never rounded up."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if number >= size:
            whole = number // size
            places = 2 if whole < 10 else 1 if whole < 100 else 0
            part = number * 10**places // size
            text = f"{part // 10**places}.{part % 10**places:0{places}}" if places else str(whole)
            return (text.rstrip("0").rstrip(".") if places else text) + letter
    return str(number)


def spaced(number: int) -> str:
    """5 012"""
    return f"{number:,}".replace(",", " ")


def reactions(total: int) -> list[tuple[str, int]]:
    """A post's reactions by kind ("stars", "custom", an emoji); together they are `total`."""
    stars, custom = total // 25, total // 5
    parts = [("stars", stars), ("custom", custom)]
    left = total - stars - custom
    for emoji in EMOJI[:-1]:
        parts.append((emoji, left // 2))
        left -= left // 2
    return [(kind, number) for kind, number in [*parts, (EMOJI[-1], left)] if number]


def preview(channel: Channel, posts: list[Post], moment: float, older: int | None) -> str:
    """t.me/s/NAME with these posts, oldest first."""
    handle, title = channel.handle(moment), escape(channel.title)
    counts = {"photos": "photo", "videos": "video"}
    counters = [(rounded(channel.subscribers(moment)), "subscribers")]
    counters += [(rounded(len(channel.listed(moment, form))), word) for word, form in counts.items()]
    shown = "".join(
        f'<div class="tgme_channel_info_counter"><span class="counter_value">{value}</span> '
        f'<span class="counter_type">{word}</span></div>'
        for value, word in counters
    )
    more = (
        '<div class="tgme_widget_message_centered js-messages_more_wrap">'
        f'<a href="/s/{handle}?before={older}" class="tme_messages_more js-messages_more" data-before="{older}">'
        "</a></div>"
        if older
        else ""
    )
    messages = "".join(
        f'<div class="tgme_widget_message_wrap js-widget_message_wrap">{message(channel, post, moment)}</div>'
        for post in posts
    )
    return (
        f"<!DOCTYPE html><html><head><title>{title} – Telegram</title>"
        f'<meta property="og:title" content="{title}"></head>'
        '<body class="widget_frame_base tgme_webpreview"><header class="tgme_header">'
        '<section class="tgme_right_column">'
        '<div class="tgme_channel_info"><div class="tgme_channel_info_header">'
        f'<i class="tgme_page_photo_image bgcolor2"><img src="{_avatar(channel)}"></i>'
        f'<div class="tgme_channel_info_header_title"><span dir="auto">{title}</span></div>'
        f'<div class="tgme_channel_info_header_username"><a href="https://t.me/{handle}">@{handle}</a></div></div>'
        f'<div class="tgme_channel_info_counters">{shown}</div>'
        f'<div class="tgme_channel_info_description">{_about(channel)}</div></div></section>'
        f'<div class="tgme_header_counter">{rounded(channel.subscribers(moment))} subscribers</div></header>'
        f'<main class="tgme_main" data-url="/{handle}"><section class="tgme_channel_history js-message_history">'
        f"{more}{messages}</section></main></body></html>"
    )


def single(channel: Channel, post: Post | None, moment: float) -> str:
    """t.me/NAME/ID?embed=1."""
    inner = (
        message(channel, post, moment)
        if post is not None
        else '<div class="tgme_widget_message_error">Post not found</div>'
    )
    return f'<!DOCTYPE html><html><body class="widget_frame_base body_widget_post">{inner}</body></html>'


def landing(channel: Channel, moment: float) -> str:
    """t.me/NAME."""
    handle, title = channel.handle(moment), escape(channel.title)
    return (
        f"<!DOCTYPE html><html><head><title>Telegram: View @{handle}</title></head><body>"
        '<div class="tgme_page_wrap"><div class="tgme_page"><div class="tgme_page_photo">'
        f'<a href="tg://resolve?domain={handle}"><img class="tgme_page_photo_image" src="{_avatar(channel)}"></a></div>'
        f'<div class="tgme_page_title" dir="auto"><span dir="auto">{title}</span></div>'
        f'<div class="tgme_page_extra">{spaced(channel.subscribers(moment))} subscribers</div>'
        f'<div class="tgme_page_description" dir="auto">{_about(channel)}</div>'
        f'<div class="tgme_page_context_link_wrap"><a class="tgme_page_context_link" href="/s/{handle}">Preview channel'
        "</a></div></div></div></body></html>"
    )


def nobody(name: str) -> str:
    """t.me/NAME of nobody."""
    return (
        f"<!DOCTYPE html><html><head><title>Telegram: Contact @{escape(name)}</title></head><body>"
        '<div class="tgme_page_wrap"><div class="tgme_page"><div class="tgme_page_icon"></div>'
        f'<div class="tgme_page_description">If you have <strong>Telegram</strong>, you can contact @{escape(name)} '
        "right away.</div></div></div></body></html>"
    )


def message(channel: Channel, post: Post, moment: float) -> str:
    """One post."""
    handle = channel.handle(moment)
    when = datetime.fromtimestamp(post.at, UTC)
    liked = "" if post.likes_hidden else "".join(map(_reaction, reactions(post.likes(moment))))
    block = f'<div class="tgme_widget_message_reactions js-message_reactions">{liked}</div>' if liked else ""
    return (
        f'<div class="tgme_widget_message js-widget_message" data-post="{handle}/{post.id}" '
        f'data-view="{_view(channel, post, moment)}"><div class="tgme_widget_message_bubble">'
        '<div class="tgme_widget_message_author"><a class="tgme_widget_message_owner_name" '
        f'href="https://t.me/{handle}"><span dir="auto">{escape(channel.title)}</span></a></div>{_media(channel, post)}'
        f'<div class="tgme_widget_message_text js-message_text" dir="auto">{escape(post.title)}<br/><br/>#sandbox</div>'
        f'{block}<div class="tgme_widget_message_footer compact js-message_footer">'
        '<div class="tgme_widget_message_info short js-message_info">'
        f'<span class="tgme_widget_message_views">{rounded(post.views(moment))}</span>'
        '<span class="copyonly"> views</span><span class="tgme_widget_message_meta">'
        f'<a class="tgme_widget_message_date" href="https://t.me/{handle}/{post.id}">'
        f'<time datetime="{when:%Y-%m-%dT%H:%M:%S+00:00}" class="time">{when:%H:%M}</time></a></span>'
        "</div></div></div></div>"
    )


def _media(channel: Channel, post: Post) -> str:
    picture = f"https://{CDN}/file/{channel.id}-{post.id}.jpg"
    if post.format == "photo":
        return f'<a class="tgme_widget_message_photo_wrap" style="width:800px;background-image:url(\'{picture}\')"></a>'
    if post.format == "video":
        length = f"{post.duration // 60}:{post.duration % 60:02}"
        return (
            '<a class="tgme_widget_message_video_player js-message_video_player">'
            f'<i class="tgme_widget_message_video_thumb" style="background-image:url(\'{picture}\')"></i>'
            f'<time class="message_video_duration js-message_video_duration">{length}</time></a>'
        )
    return ""


def _reaction(part: tuple[str, int]) -> str:
    kind, number = part
    if kind == "stars":
        paid = '<i class="icon icon-telegram-stars"></i>'
        return f'<span class="tgme_reaction tgme_reaction_paid">{paid}{rounded(number)}</span>'
    inner = (
        f'<tg-emoji emoji-id="{_CUSTOM}"></tg-emoji>'
        if kind == "custom"
        else f'<i class="emoji" style="background-image:url(\'//telegram.org/img/emoji/40/1.png\')"><b>{kind}</b></i>'
    )
    return f'<span class="tgme_reaction">{inner}{rounded(number)}</span>'


def _view(channel: Channel, post: Post, moment: float) -> str:
    """The token that a browser gives back when the post was seen."""
    token = {"c": -int(channel.id), "p": int(post.id), "t": int(moment), "h": f"{int(post.id):018x}"}
    return base64.urlsafe_b64encode(json.dumps(token, separators=(",", ":")).encode()).decode().rstrip("=")


def _avatar(channel: Channel) -> str:
    return f"https://{CDN}/file/{channel.id}.jpg"


def _about(channel: Channel) -> str:
    return escape(f"{channel.title}. A channel of the sandbox.")
