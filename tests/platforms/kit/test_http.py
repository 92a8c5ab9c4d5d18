"""Requests of the kit: what counts as a request's own time."""

import asyncio
from collections.abc import Callable

import pytest

from app.domain.ports.errors import RetryAfter
from app.domain.ports.platform import Means
from app.lib.egress import HostLimit, Pace
from app.platforms.kit import Http
from sandbox.core import Sandbox

URL = "https://api.vk.com/method/users.get"


def slowly(means: Means, delay: float) -> Http:
    """A host that may be asked every `delay` seconds, and must answer within 0.4."""
    paced = Means(proxy=means.proxy, ca=means.ca, pace=Pace({"api.vk.com": HostLimit(1, delay)}))
    return Http("VK", paced, timeout=0.2)


async def test_waiting_for_a_hosts_turn_is_no_part_of_a_requests_time(
    sandbox: Sandbox, means: Callable[..., Means]
) -> None:
    http = slowly(means(), 0.25)
    answers = await asyncio.gather(*(http.get(URL) for _ in range(5)))  # the last one waits for a second
    assert [answer.status for answer in answers] == [200] * 5


async def test_an_answer_that_does_not_come_ends_the_request(sandbox: Sandbox, means: Callable[..., Means]) -> None:
    sandbox.fault("api.vk.com", hang=True)
    with pytest.raises(RetryAfter):
        await slowly(means(), 0).get(URL)
