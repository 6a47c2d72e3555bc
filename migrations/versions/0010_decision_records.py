"""Decision records that can be encrypted, and are found by outcome and caller

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXTS = ("row", "record")


def upgrade() -> None:
    """Store texts as bytes, and what records did not say before."""
    with op.batch_alter_table("predictions") as batch:
        for name in TEXTS:
            batch.alter_column(
                name, type_=sa.LargeBinary(), existing_nullable=False, postgresql_using=f"convert_to({name}, 'UTF8')"
            )
        batch.add_column(sa.Column("key", sa.String(length=16), nullable=True))
        batch.add_column(sa.Column("alias", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("outcome", sa.Text(), nullable=True))
        batch.add_column(sa.Column("latency_ms", sa.Double(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("UPDATE predictions SET row = CAST(row AS BLOB), record = CAST(record AS BLOB)")
        op.execute("UPDATE predictions SET outcome = json_extract(record, '$.output.outcome')")
    else:
        op.execute("UPDATE predictions SET outcome = convert_from(record, 'UTF8')::json #>> '{output,outcome}'")
    op.create_index("ix_predictions_created_by_id", "predictions", ["created_by", "id"])


def downgrade() -> None:
    """Store readable texts; records that are encrypted cannot go back."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM predictions WHERE key IS NOT NULL")):
        raise RuntimeError("Some decision records are encrypted: the earlier schema cannot hold them.")
    op.drop_index("ix_predictions_created_by_id", "predictions")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("UPDATE predictions SET row = CAST(row AS TEXT), record = CAST(record AS TEXT)")
    with op.batch_alter_table("predictions") as batch:
        for name in ("latency_ms", "outcome", "alias", "key"):
            batch.drop_column(name)
        for name in TEXTS:
            batch.alter_column(
                name, type_=sa.Text(), existing_nullable=False, postgresql_using=f"convert_from({name}, 'UTF8')"
            )
