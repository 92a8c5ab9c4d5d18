"""What is Wibes' among what people paste."""

import pytest

from app.domain.ports.values import Ref, RefKind
from app.platforms.wibes.links import profile_url, recognise


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("https://wibes.ru/@severnychai", RefKind.HANDLE, "severnychai"),
        ("wibes.ru/@Severny.Chai_1/?utm_source=x", RefKind.HANDLE, "Severny.Chai_1"),
        ("https://www.wibes.ru/@name/videos", RefKind.HANDLE, "name"),
        ("https://wibes.ru/video/123456789012345678", RefKind.POST, "123456789012345678"),
        (" <https://wibes.ru/video/aZ_-9?share=1> ", RefKind.POST, "aZ_-9"),
    ],
)
def test_recognised(text: str, kind: RefKind, value: str) -> None:
    ref = recognise(text)
    assert ref == Ref("wibes", kind, value)
    assert recognise(profile_url(ref)) == ref


@pytest.mark.parametrize(
    "text",
    [
        *("", "@name", "name", "https://wibes.ru", "https://wibes.ru/", "https://wibes.ru/name", "https://wibes.ru/@"),
        *("https://wibes.ru/video/", "https://wibes.ru/@../x", "https://wibes.ru.example.com/@name", "http://["),
        *("https://example.com/wibes.ru/@name", "https://wibes.ru/@na me", "https://wibes.ru/video/%2e%2e"),
    ],
)
def test_not_ours(text: str) -> None:
    assert recognise(text) is None
