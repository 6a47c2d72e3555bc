"""Templates of decision records

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let records hold their numbers, and what many have in common stand once; earlier ones stay as they are."""
    op.create_table(
        "record_templates",
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_record_templates")),
    )
    with op.batch_alter_table("predictions") as batch:
        batch.add_column(sa.Column("numbers", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("template", sa.String(length=71), nullable=True))
        batch.create_foreign_key(
            op.f("fk_predictions_template_record_templates"), "record_templates", ["template"], ["digest"]
        )


def downgrade() -> None:
    """Drop them; records that need their template cannot go back."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM predictions WHERE template IS NOT NULL")):
        raise RuntimeError("Some decision records need their template: the earlier schema cannot hold them.")
    with op.batch_alter_table("predictions") as batch:
        batch.drop_constraint(op.f("fk_predictions_template_record_templates"), type_="foreignkey")
        batch.drop_column("template")
        batch.drop_column("numbers")
    op.drop_table("record_templates")
