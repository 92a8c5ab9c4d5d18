"""What may be changed in the world while it runs: each operation is a function here, by its own name."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from sandbox.growth import Wave

if TYPE_CHECKING:
    from sandbox.posts import Post
    from sandbox.world import Channel, World


def hide_subscribers(world: "World", channel: str, hidden: bool = True) -> None:
    _channel(world, channel).hides_subscribers = hidden


def rename_handle(world: "World", channel: str, handle: str) -> None:
    who = _channel(world, channel)
    taken = world.channel(handle, who.creator.platform)
    if taken is not None and taken is not who:
        raise ValueError(f"@{handle} is taken")
    who.rename(handle.removeprefix("@"))


def rename_channel(world: "World", channel: str, title: str) -> None:
    _channel(world, channel).title = title


def terminate(world: "World", channel: str, terminated: bool = True) -> None:
    _channel(world, channel).terminated_at = world.now if terminated else None


def make_private(world: "World", video: str, private: bool = True) -> None:
    _post(world, video).private_at = world.now if private else None


def delete(world: "World", video: str) -> None:
    _post(world, video).gone_at = world.now


def delete_posts(world: "World", channel: str, count: int) -> None:
    """The channel's newest `count` public posts."""
    for post in _channel(world, channel).listed(world.now)[:count]:
        post.gone_at = world.now


def comments_off(world: "World", video: str, off: bool = True) -> None:
    _post(world, video).comments_off = off


def hide_likes(world: "World", video: str, hidden: bool = True) -> None:
    _post(world, video).likes_hidden = hidden


def take_off(world: "World", video: str, views: int) -> None:
    """From now on the video finds this many more views."""
    post = _post(world, video)
    post.waves = (*post.waves, Wave(world.now, float(views)))


def revoke_key(world: "World", key: str) -> None:
    world.revoked.add(key)


def restore_key(world: "World", key: str) -> None:
    world.revoked.discard(key)


def grant_token(world: "World", token: str, channel: str) -> None:
    """An OAuth access token of the channel's owner."""
    world.tokens[token] = _channel(world, channel).id


def expire_tokens(world: "World", provider: str) -> None:
    """Every access token that this provider ("tiktok") has given is over; refresh tokens are not."""
    world.grants.expire_all(provider, world.now)


def revoke_grants(world: "World", provider: str) -> None:
    """Whoever let applications in at this provider takes it back."""
    world.grants.revoke_all(provider, world.now)


def scan_login(world: "World", link: str, person: str) -> None:
    """A person's phone (by number or name) scans the login code behind this link and agrees."""
    code = parse_qs(urlsplit(link).query).get("token", [""])[0]
    if not code:
        raise ValueError("The link holds no login code")
    world.scanned[code] = person


def quota_left(world: "World", units: int, bucket: str = "general") -> None:
    """Until the quota's day ends, only `units` of the bucket ("general", "search", "stats") are left."""
    world.quota.leave(bucket, units, world.now)


def raise_flag(world: "World", flag: str) -> None:
    world.flags.add(flag)


def drop_flag(world: "World", flag: str) -> None:
    world.flags.discard(flag)


OPERATIONS: dict[str, Callable[..., None]] = {
    operation.__name__: operation
    for operation in (
        hide_subscribers,
        rename_handle,
        rename_channel,
        terminate,
        make_private,
        delete,
        delete_posts,
        comments_off,
        hide_likes,
        take_off,
        revoke_key,
        restore_key,
        grant_token,
        expire_tokens,
        revoke_grants,
        scan_login,
        quota_left,
        raise_flag,
        drop_flag,
    )
}


_PLAIN: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), float: (int, float), bool: (bool,)}


def apply(world: "World", op: str, arguments: dict[str, Any]) -> None:
    """Do one operation. Raises ValueError when it does not exist, does not fit, or names nothing known."""
    operation = OPERATIONS.get(op)
    if operation is None:
        raise ValueError(f"No operation {op!r}; there are {', '.join(sorted(OPERATIONS))}")
    try:
        bound = inspect.signature(operation).bind(world, **arguments)
    except TypeError as error:
        raise ValueError(f"{op}: {error}") from None
    for name, value in bound.arguments.items():
        wanted = bound.signature.parameters[name].annotation
        if wanted in _PLAIN and type(value) not in _PLAIN[wanted]:
            raise ValueError(f"{op}: {name} must be of type {wanted.__name__}")
    operation(*bound.args, **bound.kwargs)


def _channel(world: "World", name: str) -> "Channel":
    """`name`, or "PLATFORM:NAME"."""
    prefix, colon, rest = name.partition(":")
    channel = world.channel(rest, prefix) if colon else world.channel(name)
    if channel is None:
        raise ValueError(f"No channel {name!r}")
    return channel


def _post(world: "World", video: str) -> "Post":
    prefix, colon, rest = video.partition(":")
    found = world.post(rest, prefix) if colon else world.post(video)
    if found is None:
        raise ValueError(f"No video {video!r}")
    return found[1]
