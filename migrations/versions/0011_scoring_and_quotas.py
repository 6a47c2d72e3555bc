"""Jobs that score whole tables, and what keys may spend

Revision: 0011
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _allow_job_kinds(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("training_jobs") as batch:
        batch.drop_constraint("ck_training_jobs_kind", type_="check")
        batch.create_check_constraint("ck_training_jobs_kind", f"kind IN ({listed})")


def upgrade() -> None:
    """Let jobs score tables, and keys have limits; keys of before have none of their own."""
    _allow_job_kinds("train", "revise", "challenge", "score")
    op.create_table(
        "scoring_jobs",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_digest", sa.String(length=71), nullable=False),
        sa.Column("explain", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("refused", sa.BigInteger(), nullable=True),
        sa.Column("result_digest", sa.String(length=71), nullable=True),
        sa.Column("result_bytes", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("explain IN ('edges', 'features', 'none')", name="ck_scoring_jobs_explain"),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name="fk_scoring_jobs_job_id_training_jobs"),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["model_versions.model", "model_versions.number"],
            name="fk_scoring_jobs_model_model_versions",
        ),
        sa.PrimaryKeyConstraint("job_id", name="pk_scoring_jobs"),
    )
    op.add_column("api_keys", sa.Column("requests_per_minute", sa.Integer(), nullable=True))
    op.add_column("api_keys", sa.Column("rows_per_day", sa.BigInteger(), nullable=True))
    op.create_table(
        "key_usage",
        sa.Column("api_key_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name="fk_key_usage_api_key_id_api_keys"),
        sa.PrimaryKeyConstraint("api_key_id", "day", name="pk_key_usage"),
    )


def downgrade() -> None:
    """Forget them, with the jobs that scored."""
    op.drop_table("key_usage")
    op.drop_column("api_keys", "rows_per_day")
    op.drop_column("api_keys", "requests_per_minute")
    op.drop_table("scoring_jobs")
    op.execute("DELETE FROM job_events WHERE job_id IN (SELECT id FROM training_jobs WHERE kind = 'score')")
    op.execute("DELETE FROM training_jobs WHERE kind = 'score'")
    _allow_job_kinds("train", "revise", "challenge")
