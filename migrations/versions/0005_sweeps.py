"""Sweeps and challengers

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add sweeps and their candidates, and reports on other models; versions know their formula's complexity."""
    op.create_table(
        "sweeps",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.String(length=63), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("grid", sa.JSON(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_sweeps_created_by_users"),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_sweeps_dataset_id_datasets"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_sweeps_model_models"),
        sa.PrimaryKeyConstraint("id", name="pk_sweeps"),
    )
    op.create_index("ix_sweeps_model", "sweeps", ["model"])
    op.create_table(
        "sweep_candidates",
        sa.Column("sweep_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name="fk_sweep_candidates_job_id_training_jobs"),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name="fk_sweep_candidates_sweep_id_sweeps"),
        sa.PrimaryKeyConstraint("sweep_id", "position", name="pk_sweep_candidates"),
        sa.UniqueConstraint("job_id", name="uq_sweep_candidates_job_id"),
    )
    op.create_table(
        "challenger_reports",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["training_jobs.id"], name="fk_challenger_reports_job_id_training_jobs"),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["model_versions.model", "model_versions.number"],
            name="fk_challenger_reports_model_version_model_versions",
        ),
        sa.PrimaryKeyConstraint("job_id", name="pk_challenger_reports"),
    )
    op.add_column("model_versions", sa.Column("complexity", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Forget which trainings belonged together, and what other models did."""
    op.drop_column("model_versions", "complexity")
    op.drop_table("challenger_reports")
    op.drop_table("sweep_candidates")
    op.drop_index("ix_sweeps_model", "sweeps")
    op.drop_table("sweeps")
