"""Retention of decision records

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add schedules, and what stays of erased records."""
    op.create_table(
        "retention_schedules",
        sa.Column("model", sa.String(length=63), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=True),
        sa.Column("legal_hold", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=36), nullable=False),
        sa.CheckConstraint("keep_days >= 1", name=op.f("ck_retention_schedules_keep_days")),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_retention_schedules_changed_by_users")),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_retention_schedules_model_models")),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_retention_schedules")),
    )
    op.create_table(
        "erased_predictions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record_digest", sa.String(length=71), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["model_versions.model", "model_versions.number"],
            name=op.f("fk_erased_predictions_model_version_model_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erased_predictions")),
    )


def downgrade() -> None:
    """Drop them; what was erased stays so."""
    op.drop_table("erased_predictions")
    op.drop_table("retention_schedules")
