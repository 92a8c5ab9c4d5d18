"""The numbers that TikTok publishes."""

from app.domain.ports.values import Metric

ACCOUNT = frozenset({Metric.FOLLOWERS, Metric.FOLLOWING, Metric.LIKES, Metric.POSTS})
POST = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS, Metric.SHARES, Metric.SAVES})
