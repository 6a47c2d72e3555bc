"""Revisions: jobs that change a version, how versions came about, and how well probabilities are calibrated

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _refuse_changes(table: str) -> None:
    """Let the database itself refuse UPDATE and DELETE on what is evidence."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION edgewise_refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def upgrade() -> None:
    """Let jobs change versions; what was there before has been trained, and its calibration is not known."""
    with op.batch_alter_table("training_jobs") as batch:
        batch.add_column(sa.Column("kind", sa.Text(), nullable=False, server_default="train"))
        batch.add_column(sa.Column("parent", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("changes", sa.JSON(), nullable=True))
        batch.create_check_constraint("ck_training_jobs_kind", "kind IN ('train', 'revise', 'challenge')")
        batch.create_check_constraint("ck_training_jobs_parent", "(kind = 'revise') = (parent IS NOT NULL)")
    op.add_column("model_versions", sa.Column("calibration", sa.JSON(), nullable=True))
    op.create_table(
        "revisions",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("parent_digest", sa.String(length=71), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.CheckConstraint("parent < version", name="ck_revisions_parent"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_revisions_created_by_users"),
        sa.ForeignKeyConstraint(["digest"], ["artifacts.digest"], name="fk_revisions_digest_artifacts"),
        sa.ForeignKeyConstraint(["parent_digest"], ["artifacts.digest"], name="fk_revisions_parent_digest_artifacts"),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["model_versions.model", "model_versions.number"],
            name="fk_revisions_model_version_model_versions",
        ),
        sa.ForeignKeyConstraint(
            ["model", "parent"],
            ["model_versions.model", "model_versions.number"],
            name="fk_revisions_model_parent_model_versions",
        ),
        sa.PrimaryKeyConstraint("model", "version", name="pk_revisions"),
    )
    _refuse_changes("revisions")


def downgrade() -> None:
    """Forget how versions came about; jobs that changed one are gone with their versions' history."""
    op.drop_table("revisions")
    op.drop_column("model_versions", "calibration")
    with op.batch_alter_table("training_jobs") as batch:
        batch.drop_constraint("ck_training_jobs_parent", type_="check")
        batch.drop_constraint("ck_training_jobs_kind", type_="check")
        batch.drop_column("changes")
        batch.drop_column("parent")
        batch.drop_column("kind")
