"""Review policies, rounds of review

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give models a policy and reviews rounds; what was reviewed before was reviewed once."""
    op.add_column("models", sa.Column("review_policy", sa.JSON(), nullable=True))
    with op.batch_alter_table("reviews") as batch:
        batch.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("policy", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("compared_with", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("changes", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("closing_reason", sa.Text(), nullable=True))
        batch.drop_constraint("uq_reviews_model_version", type_="unique")
        batch.create_unique_constraint("uq_reviews_model_version_round", ["model", "version", "round"])
        batch.drop_constraint("ck_reviews_state", type_="check")
        batch.create_check_constraint(
            "ck_reviews_state", "state IN ('open', 'approved', 'rejected', 'changes_requested', 'withdrawn')"
        )


def downgrade() -> None:
    """Forget policies; possible while no version was submitted twice."""
    with op.batch_alter_table("reviews") as batch:
        batch.drop_constraint("ck_reviews_state", type_="check")
        batch.create_check_constraint("ck_reviews_state", "state IN ('open', 'approved', 'rejected')")
        batch.drop_constraint("uq_reviews_model_version_round", type_="unique")
        batch.create_unique_constraint("uq_reviews_model_version", ["model", "version"])
        for name in ("closing_reason", "changes", "compared_with", "policy", "round"):
            batch.drop_column(name)
    op.drop_column("models", "review_policy")
