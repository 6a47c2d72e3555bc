"""Durable jobs

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give jobs a priority and a count of their attempts, and workers a sign of life."""
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("incarnation", sa.String(length=36), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
    for name in ("priority", "attempt", "crashes"):
        op.add_column("training_jobs", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("training_jobs", sa.Column("worker", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget the attempts and the workers."""
    for name in ("worker", "crashes", "attempt", "priority"):
        op.drop_column("training_jobs", name)
    op.drop_table("workers")
