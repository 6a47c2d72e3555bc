"""Suspensions, limits of use, rollbacks

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add suspensions, the limits under which a version was approved, and the mark of a rollback."""
    op.create_table(
        "suspensions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_by", sa.String(length=36), nullable=False),
        sa.Column("resumption_reason", sa.Text(), nullable=True),
        sa.Column("resumption_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumption_requested_by", sa.String(length=36), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_by", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "resumed_by IS NULL OR (resumption_requested_by IS NOT NULL AND resumed_by <> resumption_requested_by)",
            name="ck_suspensions_two_people",
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["model_versions.model", "model_versions.number"],
            name="fk_suspensions_model_version_model_versions",
        ),
        sa.ForeignKeyConstraint(
            ["resumption_requested_by"], ["users.id"], name="fk_suspensions_resumption_requested_by_users"
        ),
        sa.ForeignKeyConstraint(["resumed_by"], ["users.id"], name="fk_suspensions_resumed_by_users"),
        sa.ForeignKeyConstraint(["suspended_by"], ["users.id"], name="fk_suspensions_suspended_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_suspensions"),
    )
    op.create_index("ix_suspensions_model_version", "suspensions", ["model", "version"])
    op.add_column("model_versions", sa.Column("conditions", sa.Text(), nullable=True))
    op.add_column("model_versions", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("model_versions", sa.Column("maximum_rows", sa.Integer(), nullable=True))
    op.add_column("model_versions", sa.Column("retirement_reason", sa.Text(), nullable=True))
    op.add_column("alias_events", sa.Column("rolled_back", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Forget suspensions, limits of use and which moves were rollbacks."""
    op.drop_column("alias_events", "rolled_back")
    for name in ("retirement_reason", "maximum_rows", "expires_at", "conditions"):
        op.drop_column("model_versions", name)
    op.drop_index("ix_suspensions_model_version", "suspensions")
    op.drop_table("suspensions")
