"""What YouTube's web pages carry: ytInitialData of a channel and a video, ytInitialPlayerResponse.

The shapes are those that yt-dlp 2026.10.26 reads; there is no recording behind them.
"""

from datetime import UTC, datetime
from typing import Any

from sandbox.platforms.youtube_text import ago, clock, counted, short
from sandbox.posts import Post, State
from sandbox.world import Channel, iso

Blob = dict[str, Any]

TABS = {"videos": ("Videos", "long"), "shorts": ("Shorts", "short"), "streams": ("Live", "live")}
PAGE = 30
_TERMINATED = "This account has been terminated for a violation of YouTube's Terms of Service."


def alert(text: str) -> Blob:
    """A channel page that says only why there is no channel."""
    return {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": text}}}]}


def terminated() -> Blob:
    return alert(_TERMINATED)


def channel(it: Channel, tab: str, moment: float, continuation: str) -> Blob:
    """The channel's page on this tab; a tab the channel does not have shows Home instead."""
    handle = f"/@{it.handle(moment)}"
    present = [name for name, (_, form) in TABS.items() if it.listed(moment, form)]
    selected = tab if tab in present else "featured"
    tabs = []
    for name, title in (("featured", "Home"), *((name, TABS[name][0]) for name in present)):
        renderer: Blob = {"title": title, "endpoint": _endpoint(f"{handle}/{name}")}
        if name == selected:
            renderer["selected"] = True
            renderer["content"] = _tab_content(it, name, moment, continuation)
        tabs.append({"tabRenderer": renderer})
    return {
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": tabs}},
        "metadata": {
            "channelMetadataRenderer": {
                "title": it.title,
                "description": f"{it.title}. {it.creator.topic.capitalize()}.",
                "externalId": it.id,
                "channelUrl": f"https://www.youtube.com/channel/{it.id}",
                "vanityChannelUrl": f"http://www.youtube.com{handle}",
                "ownerUrls": [f"http://www.youtube.com{handle}"],
                "avatar": {"thumbnails": [_image(f"https://yt3.googleusercontent.com/{it.id}=s900-c-k", 900, 900)]},
                "isFamilySafe": True,
            }
        },
        "header": {
            "pageHeaderRenderer": {"pageTitle": it.title, "content": {"pageHeaderViewModel": _header(it, moment)}}
        },
        "microformat": {"microformatDataRenderer": {"noindex": False, "unlisted": False, "tags": [it.creator.topic]}},
    }


def _header(it: Channel, moment: float) -> Blob:
    parts = []
    if not it.hides_subscribers:
        parts.append(counted(it.subscribers(moment), "subscriber", 3))
    parts.append(counted(sum(p.state(moment) is not State.UPCOMING for p in it.listed(moment)), "video", 3))
    rows = [_row(f"@{it.handle(moment)}"), _row(*parts)]
    return {
        "title": {"dynamicTextViewModel": {"text": {"content": it.title}}},
        "metadata": {"contentMetadataViewModel": {"metadataRows": rows}},
    }


def _tab_content(it: Channel, tab: str, moment: float, continuation: str) -> Blob:
    if tab == "featured":
        return {"sectionListRenderer": {"contents": []}}
    return {"richGridRenderer": {"contents": items(it, tab, 0, moment, continuation)}}


def items(it: Channel, tab: str, offset: int, moment: float, continuation: str) -> list[Blob]:
    """One page of a tab's posts, newest first, with `continuation` behind it when there are more."""
    posts = it.listed(moment, TABS[tab][1])
    make = _short_item if tab == "shorts" else _video_item
    found: list[Blob] = [
        {"richItemRenderer": {"content": make(it, post, moment)}} for post in posts[offset : offset + PAGE]
    ]
    if offset + PAGE < len(posts):
        endpoint = {"continuationCommand": {"token": continuation, "request": "CONTINUATION_REQUEST_TYPE_BROWSE"}}
        found.append({"continuationItemRenderer": {"continuationEndpoint": endpoint}})
    return found


def _video_item(it: Channel, post: Post, moment: float) -> Blob:
    state = post.state(moment)
    badge = {"text": clock(post.duration), "badgeStyle": "THUMBNAIL_OVERLAY_BADGE_STYLE_DEFAULT"}
    seen, when = counted(post.views(moment), "view"), ago(moment - post.started)
    if state is State.UPCOMING:
        badge["text"], seen = "UPCOMING", f"{short(post.watching(moment))} waiting"
        when = datetime.fromtimestamp(post.at, UTC).strftime("Scheduled for %-m/%-d/%y, %-I:%M %p")
    elif state is State.LIVE:
        badge, seen, when = _LIVE_BADGE, f"{short(post.watching(moment))} watching", ""
    elif post.format == "live":
        when = f"Streamed {when}"
    parts: list[Blob] = [{"text": {"content": seen}}]
    if when:
        parts.append({"text": {"content": when}, "accessibilityLabel": when})
    overlay = {"thumbnailBottomOverlayViewModel": {"badges": [{"thumbnailBadgeViewModel": badge}]}}
    image = {"sources": [_image(f"https://i.ytimg.com/vi/{post.id}/hqdefault.jpg", 480, 360)]}
    return {
        "lockupViewModel": {
            "contentId": post.id,
            "contentType": "LOCKUP_CONTENT_TYPE_VIDEO",
            "contentImage": {"thumbnailViewModel": {"image": image, "overlays": [overlay]}},
            "metadata": {
                "lockupMetadataViewModel": {
                    "title": {"content": post.title},
                    "metadata": {"contentMetadataViewModel": {"metadataRows": [{"metadataParts": parts}]}},
                }
            },
        }
    }


def _short_item(it: Channel, post: Post, moment: float) -> Blob:
    seen = counted(post.views(moment), "view")
    image = {"sources": [_image(f"https://i.ytimg.com/vi/{post.id}/oardefault.jpg", 405, 720)]}
    return {
        "shortsLockupViewModel": {
            "entityId": f"shorts-shelf-item-{post.id}",
            "accessibilityText": f"{post.title}, {seen} - play Short",
            "thumbnailViewModel": {"thumbnailViewModel": {"image": image}},
            "onTap": {
                "innertubeCommand": {"reelWatchEndpoint": {"videoId": post.id}, **_endpoint(f"/shorts/{post.id}")}
            },
            "overlayMetadata": {"primaryText": {"content": post.title}, "secondaryText": {"content": seen}},
        }
    }


_LIVE_BADGE = {"text": "LIVE", "badgeStyle": "THUMBNAIL_OVERLAY_BADGE_STYLE_LIVE"}

_UNAVAILABLE: dict[State, tuple[str, str, str]] = {
    State.PRIVATE: ("LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access to this video"),
    State.DELETED: ("ERROR", "Video unavailable", "This video has been removed by the uploader"),
    State.TERMINATED: (
        "ERROR",
        "Video unavailable",
        "This video is no longer available because the YouTube account associated with this video has been terminated.",
    ),
}


def unavailable(video_id: str, state: State | None) -> Blob:
    """The player's answer for a video the public cannot see; None: it never was."""
    status, reason, subreason = _UNAVAILABLE.get(state, ("ERROR", "Video unavailable", "")) if state else (
        "ERROR", "Video unavailable", "",
    )  # fmt: skip
    screen: Blob = {"reason": {"simpleText": reason}}
    if subreason:
        screen["subreason"] = {"simpleText": subreason}
    error = {"status": status, "reason": reason, "errorScreen": {"playerErrorMessageRenderer": screen}}
    return {"playabilityStatus": error, "videoDetails": {"videoId": video_id}}


def bot_check(video_id: str) -> Blob:
    reason = "Sign in to confirm you\u2019re not a bot"
    screen = {
        "reason": {"simpleText": reason},
        "subreason": {"simpleText": "This helps protect our community. Learn more"},
    }
    error = {"status": "LOGIN_REQUIRED", "reason": reason, "errorScreen": {"playerErrorMessageRenderer": screen}}
    return {"playabilityStatus": error, "videoDetails": {"videoId": video_id}}


def player(it: Channel, post: Post, moment: float) -> Blob:
    """ytInitialPlayerResponse of a public, running or upcoming video."""
    state, is_live = post.state(moment), post.format == "live"
    views = str(post.views(moment))
    status: Blob = {"status": "OK", "playableInEmbed": True}
    details: Blob = {
        "videoId": post.id,
        "title": post.title,
        "lengthSeconds": str(0 if state in (State.UPCOMING, State.LIVE) else post.duration),
        "channelId": it.id,
        "shortDescription": f"{post.title}\n\n{it.title}",
        "viewCount": views,
        "author": it.title,
        "isLiveContent": is_live,
        "isPrivate": False,
        "keywords": [it.creator.topic],
        "thumbnail": {"thumbnails": [_image(f"https://i.ytimg.com/vi/{post.id}/hqdefault.jpg", 480, 360)]},
    }
    micro: Blob = {
        "title": {"simpleText": post.title},
        "uploadDate": iso(post.announced if state is State.UPCOMING else post.started).replace("Z", "+00:00"),
        "publishDate": iso(post.announced if state is State.UPCOMING else post.started).replace("Z", "+00:00"),
        "ownerProfileUrl": f"http://www.youtube.com/@{it.handle(moment)}",
        "ownerChannelName": it.title,
        "externalChannelId": it.id,
        "lengthSeconds": details["lengthSeconds"],
        "viewCount": views,
        "category": "Education",
        "isUnlisted": False,
        "isFamilySafe": True,
        "isShortsEligible": post.format == "short",
    }
    if is_live:
        broadcast: Blob = {"isLiveNow": state is State.LIVE, "startTimestamp": iso(post.started).replace("Z", "+00:00")}
        if state is State.PUBLIC:
            broadcast["endTimestamp"] = iso(post.ended).replace("Z", "+00:00")
        micro["liveBroadcastDetails"] = broadcast
    if state is State.LIVE:
        details["isLive"] = True
    elif state is State.UPCOMING:
        details["isUpcoming"] = True
        broadcast["startTimestamp"] = iso(post.at).replace("Z", "+00:00")
        hours = int((post.at - moment) // 3_600)
        status = {"status": "LIVE_STREAM_OFFLINE", "reason": f"This live event will begin in {hours} hours."}
    return {"playabilityStatus": status, "videoDetails": details, "microformat": {"playerMicroformatRenderer": micro}}


def watch(it: Channel, post: Post, moment: float) -> Blob:
    """ytInitialData of a watch page: likes, the owner with subscribers, and the comments' panel."""
    likes = "I like this" if post.likes_hidden else f"like this video along with {post.likes(moment):,} other people"
    button: Blob = {"buttonViewModel": {"accessibilityText": likes}}
    for name in ("defaultButtonViewModel", "toggleButtonViewModel", "toggleButtonViewModel", "likeButtonViewModel"):
        button = {name: button}
    primary: Blob = {
        "title": {"runs": [{"text": post.title}]},
        "videoActions": {
            "menuRenderer": {
                "topLevelButtons": [{"segmentedLikeDislikeButtonViewModel": {"likeButtonViewModel": button}}]
            }
        },
    }
    state = post.state(moment)
    if state is State.PUBLIC:
        count: Blob = {"viewCount": {"simpleText": f"{post.views(moment):,} views"}}
    else:
        verb = "watching now" if state is State.LIVE else "waiting"
        count = {"viewCount": {"runs": [{"text": f"{post.watching(moment):,} {verb}"}]}, "isLive": True}
    primary["viewCount"] = {"videoViewCountRenderer": count}
    owner: Blob = {
        "title": {"runs": [{"text": it.title}]},
        "navigationEndpoint": _endpoint(f"/@{it.handle(moment)}") | {"browseEndpoint": {"browseId": it.id}},
    }
    if not it.hides_subscribers:
        owner["subscriberCountText"] = {"simpleText": counted(it.subscribers(moment), "subscriber", 3)}
    contents: list[Blob] = [
        {"videoPrimaryInfoRenderer": primary},
        {"videoSecondaryInfoRenderer": {"owner": {"videoOwnerRenderer": owner}}},
    ]
    page: Blob = {"currentVideoEndpoint": {"watchEndpoint": {"videoId": post.id}}}
    if post.comments_off:
        said = {"messageRenderer": {"text": {"runs": [{"text": "Comments are turned off. "}, {"text": "Learn more"}]}}}
        contents.append({"itemSectionRenderer": {"contents": [said], "sectionIdentifier": "comment-item-section"}})
    else:
        header = {"contextualInfo": {"runs": [{"text": short(post.comments(moment))}]}}
        panel = {
            "panelIdentifier": "engagement-panel-comments-section",
            "header": {"engagementPanelTitleHeaderRenderer": header},
        }
        page["engagementPanels"] = [{"engagementPanelSectionListRenderer": panel}]
    page["contents"] = {"twoColumnWatchNextResults": {"results": {"results": {"contents": contents}}}}
    return page


def _endpoint(url: str) -> Blob:
    return {"commandMetadata": {"webCommandMetadata": {"url": url}}}


def _row(*texts: str) -> Blob:
    return {"metadataParts": [{"text": {"content": text}} for text in texts]}


def _image(url: str, width: int, height: int) -> Blob:
    return {"url": url, "width": width, "height": height}
