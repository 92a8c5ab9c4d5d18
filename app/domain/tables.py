"""Every table in one place, for Alembic and the tests: importing a model registers it."""

from app.domain.accounts import models as accounts
from app.domain.audit import models as audit
from app.domain.collection import models as collection
from app.domain.connections import models as connections
from app.domain.creators import models as creators
from app.domain.idempotency import models as idempotency
from app.domain.identity import models as identity
from app.domain.images import models as images
from app.domain.insights import models as insights
from app.domain.metrics import models as metrics
from app.domain.posts import models as posts
from app.domain.quota import models as quota
from app.lib import limits
from app.lib.db import Base

metadata = Base.metadata

__all__ = [
    "accounts",
    "audit",
    "collection",
    "connections",
    "creators",
    "idempotency",
    "identity",
    "images",
    "insights",
    "limits",
    "metadata",
    "metrics",
    "posts",
    "quota",
]
