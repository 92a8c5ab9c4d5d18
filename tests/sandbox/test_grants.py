"""The bookkeeping of OAuth grants: what a token is good for, and until when."""

from sandbox.core import Sandbox
from sandbox.grants import Grants, Issued, challenge_of

NOW = 1_790_000_000.0
VERIFIER = "v" * 43


def agreed(grants: Grants, **terms: object) -> tuple[str, dict[str, object]]:
    code = grants.code(
        "tiktok", subject="me", scopes=("a", "b"), client="c", redirect_uri="https://x/y",
        challenge=challenge_of(VERIFIER), moment=NOW,
    )  # fmt: skip
    asked = {"client": "c", "redirect_uri": "https://x/y", "verifier": VERIFIER, "moment": NOW}
    return code, {**asked, "access_seconds": 60.0, "refresh_seconds": 600.0, **terms}


def issued(grants: Grants, **terms: object) -> Issued:
    code, asked = agreed(grants, **terms)
    found = grants.exchange("tiktok", code, **asked)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_code_is_good_once_for_whom_it_was_made() -> None:
    grants = Grants(7)
    code, asked = agreed(grants)
    assert grants.exchange("tiktok", code, **asked) is not None  # type: ignore[arg-type]
    assert grants.exchange("tiktok", code, **asked) is None  # type: ignore[arg-type]
    for wrong in (
        {"client": "d"}, {"redirect_uri": "https://x/z"}, {"verifier": "w" * 43}, {"moment": NOW + 601},
    ):  # fmt: skip
        code, asked = agreed(grants, **wrong)
        assert grants.exchange("tiktok", code, **asked) is None, wrong  # type: ignore[arg-type]
    code, asked = agreed(grants)
    assert grants.exchange("google", code, **asked) is None  # type: ignore[arg-type]


def test_a_token_says_whom_it_is_for_until_it_is_over() -> None:
    grants = Grants(7)
    found = issued(grants)
    held = grants.holder("tiktok", found.access, NOW + 59)
    assert held is not None and (held.subject, held.scopes) == ("me", ("a", "b"))
    assert grants.holder("tiktok", found.access, NOW + 61) is None
    assert grants.holder("google", found.access, NOW) is None
    assert grants.holder("tiktok", found.refresh or "", NOW) is None  # not a token to read with
    assert grants.holder("tiktok", found.access[:-1], NOW) is None and grants.holder("tiktok", "", NOW) is None
    assert grants.issued == [found.access, found.refresh]


def test_rotation_kills_the_token_that_was_given() -> None:
    grants = Grants(7)
    terms = {"moment": NOW, "access_seconds": 60.0, "refresh_seconds": 600.0, "rotates": True}
    first = issued(grants, rotates=True)
    second = grants.refresh("tiktok", first.refresh or "", **terms)  # type: ignore[arg-type]
    assert second is not None and second.refresh not in (None, first.refresh)
    assert grants.refresh("tiktok", first.refresh or "", **terms) is None  # type: ignore[arg-type]
    assert grants.refresh("tiktok", second.refresh or "", **terms) is not None  # type: ignore[arg-type]


def test_without_rotation_it_stays() -> None:
    grants = Grants(7)
    first = issued(grants)
    for _ in range(2):
        again = grants.refresh(
            "tiktok", first.refresh or "", moment=NOW, access_seconds=60.0, refresh_seconds=None
        )  # fmt: skip
        assert again is not None and again.refresh is None and again.access != first.access


def test_revoked_and_expired(sandbox: Sandbox) -> None:
    grants, now = sandbox.world.grants, sandbox.world.now

    def given() -> Issued:
        return grants.give("tiktok", subject="me", scopes=(), moment=now, access_seconds=60.0)

    one, two = given(), given()
    assert grants.revoke("tiktok", one.access) and not grants.revoke("tiktok", "nonsense")
    assert grants.read("tiktok", one.refresh or "", now) is None and grants.holder("tiktok", two.access, now)
    sandbox.edit("expire_tokens", provider="tiktok")
    assert grants.holder("tiktok", two.access, now) is None and grants.read("tiktok", two.refresh or "", now)
    assert grants.holder("tiktok", given().access, now)
    sandbox.edit("revoke_grants", provider="tiktok")
    assert grants.read("tiktok", two.refresh or "", now) is None
    assert grants.holder("tiktok", given().access, now)


def test_a_token_outlives_the_sandbox_that_gave_it() -> None:
    found = issued(Grants(7))
    assert Grants(7).holder("tiktok", found.access, NOW) and Grants(8).holder("tiktok", found.access, NOW) is None
