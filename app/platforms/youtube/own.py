"""A channel as its owner sees it: the Data API and YouTube Analytics with the owner's own sign-in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

from app.domain.ports.connections import Credential, Insight
from app.domain.ports.errors import N_, Gone, NeedsAction, Unauthorized
from app.domain.ports.platform import Reserve
from app.domain.ports.values import Profile, Ref
from app.lib import clock
from app.platforms.youtube import api_errors, parse_api, parse_insights, words
from app.platforms.youtube.data_api import ACCOUNT_NUMBERS, CHANNEL_PARTS, POST_NUMBERS, Calls, ReadsVideos
from app.platforms.youtube.google_client import Answered, GoogleApi

ANALYTICS = "analytics"  # the bucket of quota
ANALYTICS_SCOPE = "https://www.googleapis.com/auth/yt-analytics.readonly"
_VIDEOS_A_REPORT = 100  # it may have 200, but then the address gets too long for a GET


class OwnChannels:
    """Reads channels with their owners' sign-ins: a ConnectedSource."""

    name = "own_api"
    label = "YouTube Data API v3 and YouTube Analytics"
    version = "1"
    evidence = N_("recorded 2020-02; reports by day and by video: the vendor's schema")
    account_numbers = ACCOUNT_NUMBERS
    post_numbers = POST_NUMBERS
    provider = "google"

    def __init__(self, data: GoogleApi, analytics: GoogleApi, reserve: Reserve) -> None:
        self.data = data
        self.analytics = analytics
        self.reserve = reserve

    def with_credential(self, credential: Credential) -> "OwnChannel":
        return OwnChannel(self, credential)


class OwnChannel(ReadsVideos):
    """One channel with its owner's token: reads the account, its posts and its private numbers.

    Its posts are all that the owner has, the private and the unlisted too. Subscribers come rounded down to three
    figures to the owner as to everybody. Every call costs one unit, reserved before it: of the general bucket, or of
    "analytics". Raises Unauthorized when the token is not accepted.
    """

    configured = True
    unconfigured_reason = ""

    def __init__(self, of: OwnChannels, credential: Credential) -> None:
        self.name, self.label, self.version, self.evidence = of.name, of.label, of.version, of.evidence
        self.account_numbers, self.post_numbers = of.account_numbers, of.post_numbers
        self._of = of
        self._credential = credential

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount, of the channel that the sign-in opens. Unauthorized when it opens another one."""
        with self._connection() as call:
            found = parse_api.channels(await call("channels", part=CHANNEL_PARTS, mine=True))
        if not found:
            raise Gone(words.NO_CHANNEL)
        profile = next((one for one in found if one.external_id == ref.value), None)
        if profile is None:
            raise Unauthorized(words.OTHER_CHANNEL)
        return profile

    async def read_insights(self, external_id: str, *, posts: Sequence[str]) -> Sequence[Insight]:
        """As ReadsInsights: the channel day by day for 28 days, and it and these videos over 28 days as one.

        The 28 days of one begin and end with the data: their last is the newest day that has any (day says which).
        Costs 2 units, and 1 more per 100 videos.
        """
        if self._credential.scopes and ANALYTICS_SCOPE not in self._credential.scopes:
            raise NeedsAction(words.NOT_ALLOWED)
        days = parse_insights.window(clock.now().astimezone(api_errors.PACIFIC).date())
        ids = [one for one in dict.fromkeys(posts) if parse_api.is_id(one)]
        told = parse_insights.daily(await self._report(external_id, days[0], days[-1], dimensions="day"), days)
        last = parse_insights.newest_day(told)
        if last is None:
            return told + parse_insights.no_total(days[-1])
        first = last - timedelta(days=parse_insights.DAYS - 1)
        told += parse_insights.total(await self._report(external_id, first, last), last)
        for start in range(0, len(ids), _VIDEOS_A_REPORT):
            batch = ids[start : start + _VIDEOS_A_REPORT]
            by_video = {"dimensions": "video", "filters": f"video=={','.join(batch)}", "sort": "-views"}
            answer = await self._report(external_id, first, last, **by_video, maxResults=_VIDEOS_A_REPORT)
            told += parse_insights.videos(answer, batch, last)
        return told

    async def _report(self, channel: str, first: date, last: date, **more: str | int) -> object:
        await self._of.reserve(ANALYTICS, 1)
        with self._of.analytics.connection(self._credential.secret) as connection:
            try:
                # By id, not as MINE: a sign-in for another channel is refused, not answered with that one's.
                return await connection.ask(
                    "reports",
                    "query",
                    {
                        "ids": f"channel=={channel}",
                        "startDate": first.isoformat(),
                        "endDate": last.isoformat(),
                        "metrics": ",".join(parse_insights.METRICS),
                        **more,
                    },
                )
            except Answered as error:
                raise api_errors.failure_of_owner(error.status, error.answer, error.retry_after) from None

    @contextmanager
    def _connection(self) -> Iterator[Calls]:
        with self._of.data.connection(self._credential.secret) as connection:
            yield Calls(connection, self._of.reserve, {}, api_errors.failure_of_owner)
