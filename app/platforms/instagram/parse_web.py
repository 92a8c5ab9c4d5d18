"""What Instagram's own pages and web API give -> our values. Pure.

Two shapes of each: the web app's of today (pk, media_type, follower_count) and its older GraphQL (shortcode,
__typename, edge_followed_by), both recorded between 2020-07 and 2023-12. A number that is not there is one we do not
have, never 0; a value of another type than recorded is never guessed at.
"""

from app.domain.ports.errors import Gone
from app.domain.ports.values import Format, Metric, Missing, PostReading, Profile, Ref, RefKind
from app.platforms.instagram import words
from app.platforms.instagram.links import PLATFORM, handle, post_url, profile_url
from app.platforms.kit import Node, Number, Numbers

_PHOTO, _VIDEO, _ALBUM = 1, 2, 8
_TYPES = {"GraphImage": _PHOTO, "GraphVideo": _VIDEO, "GraphSidecar": _ALBUM}
_TYPES |= {"XDTGraphImage": _PHOTO, "XDTGraphVideo": _VIDEO, "XDTGraphSidecar": _ALBUM}
_NOT_PUBLIC: Number = (None, Missing.NOT_GIVEN)  # saves and shares are the owner's to see


def profile(user: Node) -> Profile:
    """The account of a profile page. Raises Gone for a private one, Changed."""
    external_id = user_id(user)
    name = handle(user["username"].text())
    if name is None:
        raise user["username"].changed()
    if user["is_private"].flag(False):
        raise Gone(words.PRIVATE)
    numbers = {
        Metric.FOLLOWERS: _counted(user, "follower_count", "edge_followed_by"),
        Metric.FOLLOWING: _counted(user, "following_count", "edge_follow"),
        Metric.POSTS: _counted(user, "media_count", "edge_owner_to_timeline_media", "all_media_count"),
    }
    if all(reason is Missing.NOT_GIVEN for _, reason in numbers.values()):
        raise user["follower_count"].changed()  # a page without any number is not one we know
    read = Numbers(numbers)
    return Profile(
        external_id=external_id,
        handle=name,
        title=user["full_name"].text("") or name,
        url=profile_url(Ref(PLATFORM, RefKind.HANDLE, name)),
        metrics=read.metrics,
        missing=read.missing,
        avatar_url=_picture(user),
        description=user["biography"].text("") or None,
    )


def user_id(user: Node) -> str:
    """The permanent id: `pk`; where there is none `id`, which elsewhere may be another one. Raises Changed."""
    node = user["pk"] if user["pk"].exists else user["id"]
    value = node.id()
    if not value.isdigit():
        raise node.changed()
    return value


def media(item: Node) -> PostReading:
    """One post. Raises Changed."""
    return _of_web_app(item) if "media_type" in item else _of_graphql(item)


def author(item: Node) -> str:
    """The name of a post's author. Raises Changed."""
    node = item["user"]["username"] if item["user"].exists else item["owner"]["username"]
    name = handle(node.text())
    if name is None:
        raise node.changed()
    return name


def _of_web_app(item: Node) -> PostReading:
    kind = item["media_type"].whole()
    hidden = item["like_and_view_counts_disabled"].flag(False)
    product = item["product_type"].text("")
    # What Instagram shows under a reel is its plays; `view_count` there is another, smaller number.
    plays, views = item["play_count"], item["view_count"]
    seen = plays if product in ("clips", "") or plays.exists else views
    return _reading(
        item,
        shortcode=item["code"],
        kind=kind,
        reel=product == "clips",
        likes=_likes(item["like_count"], hidden),
        comments=_comments(item, item["comment_count"]),
        views=_views(seen, kind, hidden),
        taken=item["taken_at"],
        caption=item["caption"]["text"] if isinstance(item["caption"].value, dict) else Node(None, item.platform),
        picture=_first_candidate(item),
    )


def _of_graphql(item: Node) -> PostReading:
    kind = _TYPES.get(item["__typename"].text())
    product = item["product_type"].text("")
    plays, views = item["video_play_count"], item["video_view_count"]
    seen = plays if product == "clips" or plays.exists else views
    liked = item["edge_media_preview_like"] if item["edge_media_preview_like"].exists else item["edge_liked_by"]
    talk = next(
        (item[name] for name in ("edge_media_to_parent_comment", "edge_media_to_comment") if item[name].exists),
        Node(None, item.platform),
    )
    edges = item["edge_media_to_caption"]["edges"]
    captions = list(edges.items()) if edges.exists else []
    return _reading(
        item,
        shortcode=item["shortcode"],
        kind=kind,
        reel=product == "clips",
        likes=_likes(liked["count"], item["like_and_view_counts_disabled"].flag(False)),
        comments=_comments(item, talk["count"]),
        views=_views(seen, kind, False),
        taken=item["taken_at_timestamp"],
        caption=captions[0]["node"]["text"] if captions else Node(None, item.platform),
        picture=item["display_url"].url() or item["thumbnail_src"].url(),
    )


def _reading(
    item: Node,
    *,
    shortcode: Node,
    kind: int | None,
    reel: bool,
    likes: Number,
    comments: Number,
    views: Number,
    taken: Node,
    caption: Node,
    picture: str | None,
) -> PostReading:
    code = shortcode.id(40)
    if kind not in (_PHOTO, _VIDEO, _ALBUM):
        raise item["media_type" if "media_type" in item else "__typename"].changed()
    if likes[1] is Missing.NOT_GIVEN and comments[1] is Missing.NOT_GIVEN:
        raise item["like_count"].changed()  # a post without any number is not one we know
    read = Numbers(
        {
            Metric.VIEWS: views,
            Metric.LIKES: likes,
            Metric.COMMENTS: comments,
            Metric.SHARES: _NOT_PUBLIC,
            Metric.SAVES: _NOT_PUBLIC,
        }
    )
    return PostReading(
        external_id=code,
        url=post_url(code, reel=reel and kind == _VIDEO),
        title=caption.text("") or item["title"].text(""),
        published_at=taken.moment(),
        format=Format.PHOTO if kind != _VIDEO else Format.SHORT if reel else Format.VIDEO,
        metrics=read.metrics,
        missing=read.missing,
        duration=item["video_duration"].seconds() if kind == _VIDEO else None,
        thumbnail_url=picture,
    )


def _likes(count: Node, hidden: bool) -> Number:
    # Beside the switch, or as -1: the owner hides them. What is given with the switch is a part of them only.
    return (None, Missing.HIDDEN) if hidden or count.value == -1 else count.count()


def _comments(item: Node, count: Node) -> Number:
    return (None, Missing.OFF) if item["comments_disabled"].flag(False) else count.count()


def _views(count: Node, kind: int | None, hidden: bool) -> Number:
    if kind != _VIDEO:
        return None, Missing.NOT_PUBLISHED
    return (None, Missing.HIDDEN) if hidden or count.value == -1 else count.count()


def _counted(user: Node, plain: str, edge: str, other: str = "") -> Number:
    if user[plain].exists:
        return user[plain].count()
    if other and user[other].exists:
        return user[other].count()
    return user[edge]["count"].count()


def _first_candidate(item: Node) -> str | None:
    """A picture of the post; one that we cannot use is no reason to lose the numbers."""
    children = item["carousel_media"].value
    first = [child for child in children if isinstance(child, dict)][:1] if isinstance(children, list) else []
    for holder in (item.value, *first):
        versions = holder.get("image_versions2")
        found = versions.get("candidates") if isinstance(versions, dict) else None
        for candidate in found if isinstance(found, list) else ():
            url = Node(candidate.get("url"), item.platform).url() if isinstance(candidate, dict) else None
            if url:
                return url
    return item["display_uri"].url()


def _picture(user: Node) -> str | None:
    large = user.value.get("hd_profile_pic_url_info")
    url = Node(large.get("url"), user.platform).url() if isinstance(large, dict) else None
    return url or user["profile_pic_url_hd"].url() or user["profile_pic_url"].url()
