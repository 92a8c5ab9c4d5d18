"""YouTube Data API v3 resources of the world's channels and posts, whole; the API cuts them to the parts asked for."""

import hashlib
import html
import json
from typing import Any

from sandbox.platforms.youtube_text import iso_duration, rounded
from sandbox.posts import Post, State
from sandbox.world import Channel, World, iso

Resource = dict[str, Any]

# The uploads playlist and its parts: prefix in place of the channel's UC -> formats.
PLAYLISTS: dict[str, tuple[str, ...]] = {"UU": (), "UULF": ("long",), "UUSH": ("short",), "UULV": ("live",)}

PARTS: dict[str, set[str]] = {
    "channel": {
        "auditDetails",
        "brandingSettings",
        "contentDetails",
        "contentOwnerDetails",
        "id",
        "localizations",
        "snippet",
        "statistics",
        "status",
        "topicDetails",
    },
    "playlistItem": {"contentDetails", "id", "snippet", "status"},
    "video": {
        "contentDetails",
        "fileDetails",
        "id",
        "liveStreamingDetails",
        "localizations",
        "paidProductPlacementDetails",
        "player",
        "processingDetails",
        "recordingDetails",
        "snippet",
        "statistics",
        "status",
        "suggestions",
        "topicDetails",
    },
    "searchResult": {"id", "snippet"},
    "videoStat": {"contentDetails", "id", "snippet", "statistics"},
}

_CATEGORIES = {"games": "20", "space": "28", "science": "28", "repair": "26", "cooking": "26", "cycling": "19"}
_THUMBNAILS = {
    "default": ("default", 120, 90),
    "medium": ("mqdefault", 320, 180),
    "high": ("hqdefault", 480, 360),
    "standard": ("sddefault", 640, 480),
    "maxres": ("maxresdefault", 1280, 720),
}


def etag(value: object) -> str:
    """Changes when the value does."""
    return hashlib.sha1(json.dumps(value, sort_keys=True).encode(), usedforsecurity=False).hexdigest()[:27]


def avatar(channel: Channel, size: int) -> str:
    return f"https://yt3.ggpht.com/{channel.id}=s{size}-c-k-c0x00ffffff-no-rj"


def thumbnails(post: Post, *names: str) -> Resource:
    return {
        name: {"url": f"https://i.ytimg.com/vi/{post.id}/{file}.jpg", "width": width, "height": height}
        for name, (file, width, height) in _THUMBNAILS.items()
        if name in names or not names
    }


def published(post: Post, moment: float) -> str:
    return iso(post.announced if moment < post.started else post.started)


def channel(it: Channel, moment: float) -> Resource:
    description = f"{it.title}. {it.creator.topic.capitalize()}."
    statistics: Resource = {"viewCount": str(it.views(moment)), "hiddenSubscriberCount": it.hides_subscribers}
    if not it.hides_subscribers:
        statistics["subscriberCount"] = str(rounded(it.subscribers(moment)))
    statistics["videoCount"] = str(sum(post.state(moment) is not State.UPCOMING for post in it.listed(moment)))
    return {
        "kind": "youtube#channel",
        "id": it.id,
        "snippet": {
            "title": it.title,
            "description": description,
            "customUrl": f"@{it.handle(moment).casefold()}",
            "publishedAt": iso(it.created),
            "thumbnails": {
                name: {"url": avatar(it, size), "width": size, "height": size}
                for name, size in (("default", 88), ("medium", 240), ("high", 800))
            },
            "localized": {"title": it.title, "description": description},
            "country": it.creator.country,
        },
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": f"UU{it.id[2:]}"}},
        "statistics": statistics,
        "status": {
            "privacyStatus": "public",
            "isLinked": True,
            "longUploadsStatus": "longUploadsUnspecified",
            "madeForKids": False,
        },
        "brandingSettings": {"channel": {"title": it.title, "description": description, "country": it.creator.country}},
    }


def playlist_item(it: Channel, post: Post, playlist: str, position: int, moment: float) -> Resource:
    return {
        "kind": "youtube#playlistItem",
        "id": f"{playlist}.{post.id}",
        "snippet": {
            "publishedAt": published(post, moment),
            "channelId": it.id,
            "title": post.title,
            "description": _description(it, post),
            "thumbnails": thumbnails(post),
            "channelTitle": it.title,
            "playlistId": playlist,
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": post.id},
            "videoOwnerChannelTitle": it.title,
            "videoOwnerChannelId": it.id,
        },
        "contentDetails": {"videoId": post.id, "videoPublishedAt": published(post, moment)},
        "status": {"privacyStatus": privacy(post, moment)},
    }


def video(it: Channel, post: Post, moment: float) -> Resource:
    state = post.state(moment)
    resource: Resource = {
        "kind": "youtube#video",
        "id": post.id,
        "snippet": {
            "publishedAt": published(post, moment),
            "channelId": it.id,
            "title": post.title,
            "description": _description(it, post),
            "thumbnails": thumbnails(post),
            "channelTitle": it.title,
            "tags": [it.creator.topic, it.title],
            "categoryId": _CATEGORIES.get(it.creator.topic, "22"),
            "liveBroadcastContent": live_content(state),
            "localized": {"title": post.title, "description": _description(it, post)},
            "defaultAudioLanguage": it.creator.language,
        },
        "contentDetails": {
            "duration": iso_duration(0 if state in (State.UPCOMING, State.LIVE) else post.duration),
            "dimension": "2d",
            "definition": "hd",
            "caption": "false",
            "licensedContent": True,
            "contentRating": {},
            "projection": "rectangular",
        },
        "status": {
            "uploadStatus": "uploaded" if state is State.UPCOMING else "processed",
            "privacyStatus": privacy(post, moment),
            "license": "youtube",
            "embeddable": True,
            "publicStatsViewable": True,
            "madeForKids": False,
        },
        "statistics": statistics(post, moment),
        "player": {"embedHtml": f'<iframe src="//www.youtube.com/embed/{post.id}"></iframe>'},
    }
    if post.format == "live":
        resource["liveStreamingDetails"] = _live(post, state, moment)
    return resource


def statistics(post: Post, moment: float) -> Resource:
    """Likes are left out when the owner hides them, comments when they are off."""
    given: Resource = {"viewCount": str(post.views(moment)), "favoriteCount": "0"}
    if not post.likes_hidden:
        given["likeCount"] = str(post.likes(moment))
    if not post.comments_off:
        given["commentCount"] = str(post.comments(moment))
    return given


def video_stat(post: Post, moment: float) -> Resource:
    """What videos.batchGetStats says of a video."""
    counts = {name: value for name, value in statistics(post, moment).items() if name != "favoriteCount"}
    return {
        "kind": "youtube#videoStats",
        "id": post.id,
        "snippet": {"publishTime": published(post, moment)},
        "contentDetails": {"duration": f"{post.duration}s"},
        "statistics": counts,
    }


def search_channel(it: Channel, moment: float) -> Resource:
    whole = channel(it, moment)["snippet"]
    kept = {name: whole[name] for name in ("publishedAt", "description", "thumbnails")}
    title = html.escape(it.title)
    return {
        "kind": "youtube#searchResult",
        "id": {"kind": "youtube#channel", "channelId": it.id},
        "snippet": {**kept, "channelId": it.id, "title": title, "channelTitle": title, "liveBroadcastContent": "none"},
    }


def search_video(it: Channel, post: Post, moment: float) -> Resource:
    return {
        "kind": "youtube#searchResult",
        "id": {"kind": "youtube#video", "videoId": post.id},
        "snippet": {
            "publishedAt": published(post, moment),
            "channelId": it.id,
            "title": html.escape(post.title),  # the real API escapes titles here, and only here
            "description": _description(it, post)[:90],
            "thumbnails": thumbnails(post, "default", "medium", "high"),
            "channelTitle": html.escape(it.title),
            "liveBroadcastContent": live_content(post.state(moment)),
        },
    }


def privacy(post: Post, moment: float) -> str:
    return "private" if post.state(moment) is State.PRIVATE else "public"


def live_content(state: State) -> str:
    return {State.UPCOMING: "upcoming", State.LIVE: "live"}.get(state, "none")


def _live(post: Post, state: State, moment: float) -> Resource:
    details: Resource = {"scheduledStartTime": iso(post.at)}
    if state is not State.UPCOMING:
        details["actualStartTime"] = iso(post.started)
    if state is State.LIVE:
        details["concurrentViewers"] = str(post.watching(moment))
    elif state is State.PUBLIC:
        details["actualEndTime"] = iso(post.ended)
    return details


def _description(it: Channel, post: Post) -> str:
    return f"{post.title}\n\n{it.title}: #{it.creator.topic}"


def uploads(world: World, playlist: str, owner: str | None = None) -> tuple[Channel, list[Post]] | None:
    """The posts of an uploads playlist or a part of it, newest first; None when there is no such playlist.

    owner: who asks; the private ones are on the owner's own list.
    """
    for prefix in sorted(PLAYLISTS, key=len, reverse=True):
        if playlist.startswith(prefix):
            it = world.channel(f"UC{playlist.removeprefix(prefix)}")
            if it is not None:
                formats = PLAYLISTS[prefix]
                there = [p for p in it.known(world.now) if not formats or p.format in formats]
                return it, [p for p in there if visible(it, p, world.now, owner)]
    return None


def visible(it: Channel, post: Post, moment: float, owner: str | None) -> bool:
    """Whether the API gives this post to the public, or to this owner."""
    if it.terminated(moment):
        return False
    return post.public(moment) or (owner == it.id and post.state(moment) is State.PRIVATE)
