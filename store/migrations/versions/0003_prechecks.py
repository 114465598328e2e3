"""pre-checks in chats"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "prechecks",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("chat", sa.String(64), primary_key=True),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("ruleset", sa.String(16)),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_prechecks_ruleset", "prechecks", ["ruleset"])
