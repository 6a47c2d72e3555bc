"""Jobs that replay decision records, and results of scoring jobs that are not kept for ever

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _allow_job_kinds(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("training_jobs") as batch:
        batch.drop_constraint("ck_training_jobs_kind", type_="check")
        batch.create_check_constraint("ck_training_jobs_kind", f"kind IN ({listed})")


def upgrade() -> None:
    """Let jobs replay, and scoring jobs say when their files were erased."""
    _allow_job_kinds("train", "revise", "challenge", "score", "replay")
    op.create_table(
        "replay_jobs",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("search", sa.JSON(), nullable=False),
        sa.Column("replayed", sa.BigInteger(), nullable=True),
        sa.Column("different", sa.BigInteger(), nullable=True),
        sa.Column("different_ids", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name="fk_replay_jobs_job_id_training_jobs"),
        sa.PrimaryKeyConstraint("job_id", name="pk_replay_jobs"),
    )
    op.add_column("scoring_jobs", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Forget them, with the jobs that replayed."""
    op.drop_column("scoring_jobs", "erased_at")
    op.drop_table("replay_jobs")
    op.execute("DELETE FROM job_events WHERE job_id IN (SELECT id FROM training_jobs WHERE kind = 'replay')")
    op.execute("DELETE FROM training_jobs WHERE kind = 'replay'")
    _allow_job_kinds("train", "revise", "challenge", "score")
