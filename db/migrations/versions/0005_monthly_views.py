"""Monthly views of an account, which Pinterest publishes: a gauge, never summed."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("account_snapshot", "account_latest", "account_rollup")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} add column monthly_views bigint")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} drop column monthly_views")
