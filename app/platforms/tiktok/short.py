"""Where TikTok's short links lead: one request, whose redirect is read and not followed."""

from app.domain.ports.errors import Gone
from app.domain.ports.values import Ref, RefKind
from app.platforms.kit import Http
from app.platforms.tiktok import words
from app.platforms.tiktok.links import SHORT, profile_url, recognise

_REDIRECTS = (301, 302, 303, 307, 308)


async def resolved(http: Http, ref: Ref) -> Ref:
    """What a short link names; any other Ref as it is. Raises Gone when it leads nowhere, and PlatformError."""
    if ref.kind is not RefKind.POST or not SHORT.fullmatch(ref.value):
        return ref
    answer = await http.get(profile_url(ref))
    if answer.status not in (*_REDIRECTS, 404, 410):
        raise http.changed(f"HTTP {answer.status}")
    target = recognise(answer.headers.get("location", "")) if answer.status in _REDIRECTS else None
    if target is None or SHORT.fullmatch(target.value):
        raise Gone(words.SHORT_LINK)
    return target
