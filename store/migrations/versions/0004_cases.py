"""cases, their events, documents and scores; who may see them; staff"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("credit_code", sa.String(18), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(40), nullable=False, unique=True),
        sa.Column(
            "organisation_id", sa.Integer(), sa.ForeignKey("organisations.id"), nullable=False
        ),
        sa.Column("region", sa.String(24), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("award", sa.String(12)),
        sa.Column("sector", sa.String(16)),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("stage_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(12)),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.UniqueConstraint("organisation_id", "region", "year", name="uq_cases_application"),
    )
    op.create_index("ix_cases_organisation_id", "cases", ["organisation_id"])
    op.create_index("ix_cases_region_year_stage", "cases", ["region", "year", "stage"])
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("note", sa.Text()),
    )
    op.create_index("ix_case_events_case_id", "case_events", ["case_id"])
    op.create_table(
        "case_documents",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("required_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("received_on", sa.Date()),
        sa.Column("reminded_for", sa.Date()),
        sa.UniqueConstraint("case_id", "name", name="uq_case_documents_name"),
    )
    op.create_index("ix_case_documents_case_id", "case_documents", ["case_id"])
    op.create_index("ix_case_documents_due_on", "case_documents", ["due_on"])
    op.create_table(
        "case_scores",
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("part", sa.String(16), primary_key=True),
        sa.Column("value", sa.Double(), nullable=False),
    )
    op.create_table(
        "case_bindings",
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("chat", sa.String(64), primary_key=True),
        sa.Column("wants", sa.Boolean(), nullable=False),
        sa.Column("bound_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_case_bindings_chat", "case_bindings", ["channel", "chat"])
    op.create_table(
        "binding_codes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime()),
    )
    op.create_index("ix_binding_codes_case_id", "binding_codes", ["case_id"])
    op.create_table(
        "binding_attempts",
        sa.Column("subject", sa.String(100), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.Column("paused_until", sa.DateTime()),
    )
    op.create_table(
        "case_reads",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("chat", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_case_reads_case_id", "case_reads", ["case_id"])
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("worked", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "staff",
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("chat", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
    )
