"""Findings

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the findings about versions."""
    op.create_table(
        "findings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=False),
        sa.Column("owner", sa.String(length=36), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.String(length=36), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verification", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("severity IN ('low', 'medium', 'high')", name="ck_findings_severity"),
        sa.CheckConstraint("state IN ('open', 'resolved', 'closed')", name="ck_findings_state"),
        sa.CheckConstraint("owner <> raised_by", name="ck_findings_two_people"),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["model_versions.model", "model_versions.number"],
            name="fk_findings_model_version_model_versions",
        ),
        sa.ForeignKeyConstraint(["owner"], ["users.id"], name="fk_findings_owner_users"),
        sa.ForeignKeyConstraint(["raised_by"], ["users.id"], name="fk_findings_raised_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
    )
    op.create_index("ix_findings_model_version", "findings", ["model", "version"])


def downgrade() -> None:
    """Forget all findings."""
    op.drop_index("ix_findings_model_version", "findings")
    op.drop_table("findings")
