"""People who sign in at an identity provider, and accounts that are disabled

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

#: The argon2id form with a hash that no password has: earlier releases want one.
NO_PASSWORD = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"  # noqa: S105 - it opens nothing


def upgrade() -> None:
    """Let accounts have no password, and say who they are elsewhere."""
    with op.batch_alter_table("users") as batch:
        batch.alter_column("password_hash", existing_type=sa.Text(), nullable=True)
        batch.add_column(sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_state_hash", sa.String(length=64), nullable=True),
        sa.Column("proof_hash", sa.String(length=64), nullable=True),
        sa.Column("proof_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_is_multi_factor", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identities_user_id_users")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
        sa.UniqueConstraint("user_id", name=op.f("uq_identities_user_id")),
    )


def downgrade() -> None:
    """Forget who people are elsewhere; whoever has no password cannot sign in until one is set."""
    op.drop_table("identities")
    op.execute(
        sa.text("UPDATE users SET password_hash = :none WHERE password_hash IS NULL").bindparams(none=NO_PASSWORD)
    )
    with op.batch_alter_table("users") as batch:
        batch.drop_column("disabled_at")
        batch.alter_column("password_hash", existing_type=sa.Text(), nullable=False)
