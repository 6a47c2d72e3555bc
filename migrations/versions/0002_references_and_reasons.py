"""References and reasons: populations, reason dictionaries, what makes an outcome adverse

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IMMUTABLE_TABLES = ("reference_populations", "reason_dictionaries")


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


def _allow_changes(table: str) -> None:
    """Lift the refusal, for as long as the schema of the table changes."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_is_append_only ON {table}")
        return
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER {table}_refuses_{change}")


def _allow_artifact_kinds(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("artifacts") as batch:
        batch.drop_constraint("ck_artifacts_kind", type_="check")
        batch.create_check_constraint("ck_artifacts_kind", f"kind IN ({listed})")


def upgrade() -> None:
    """Add the tables and columns; models of before decide nothing that needs reasons."""
    _allow_changes("artifacts")
    _allow_artifact_kinds("dataset", "network", "reference")
    _refuse_changes("artifacts")
    with op.batch_alter_table("models") as batch:
        batch.add_column(sa.Column("adverse_action", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("adverse_outcome", sa.Text(), nullable=True))
        batch.create_check_constraint("ck_models_adverse_outcome", "adverse_outcome IN ('higher', 'lower')")
    with op.batch_alter_table("models") as batch:
        batch.alter_column("adverse_action", server_default=None)
    with op.batch_alter_table("model_versions") as batch:
        batch.add_column(sa.Column("default_reference", sa.String(length=63), nullable=True))
        batch.add_column(sa.Column("default_reference_revision", sa.Integer(), nullable=True))
    op.create_table(
        "reference_populations",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.CheckConstraint("revision >= 1", name="ck_reference_populations_revision"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_reference_populations_created_by_users"),
        sa.ForeignKeyConstraint(["digest"], ["artifacts.digest"], name="fk_reference_populations_digest_artifacts"),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["model_versions.model", "model_versions.number"],
            name="fk_reference_populations_model_version_model_versions",
        ),
        sa.PrimaryKeyConstraint("model", "version", "name", "revision", name="pk_reference_populations"),
    )
    op.create_table(
        "reason_dictionaries",
        sa.Column("model", sa.String(length=63), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.CheckConstraint("revision >= 1", name="ck_reason_dictionaries_revision"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_reason_dictionaries_created_by_users"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name="fk_reason_dictionaries_model_models"),
        sa.PrimaryKeyConstraint("model", "revision", name="pk_reason_dictionaries"),
    )
    for table in IMMUTABLE_TABLES:
        _refuse_changes(table)


def downgrade() -> None:
    """Take the tables and columns back, and with them every reference and dictionary."""
    op.drop_table("reason_dictionaries")
    op.drop_table("reference_populations")
    with op.batch_alter_table("model_versions") as batch:
        batch.drop_column("default_reference_revision")
        batch.drop_column("default_reference")
    with op.batch_alter_table("models") as batch:
        batch.drop_constraint("ck_models_adverse_outcome", type_="check")
        batch.drop_column("adverse_outcome")
        batch.drop_column("adverse_action")
    _allow_changes("artifacts")
    op.execute("DELETE FROM artifacts WHERE kind = 'reference'")
    _allow_artifact_kinds("dataset", "network")
    _refuse_changes("artifacts")
