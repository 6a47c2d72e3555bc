"""Failed sign-ins, one-time passwords, service accounts

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count failed sign-ins, and tell people from services."""
    op.add_column("users", sa.Column("failed_sign_ins", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("users", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
    for name in ("must_change_password", "is_service"):
        op.add_column("users", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Forget them."""
    for name in ("is_service", "must_change_password", "locked_until", "failed_sign_ins"):
        op.drop_column("users", name)
