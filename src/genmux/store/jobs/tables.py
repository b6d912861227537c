"""The tables of jobs. Moments are microseconds of Unix time, `cost` is in micro-units of a US dollar.

What is asked for stands in columns of its own; all else of a job is in `details`, as JSON.
"""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text, UniqueConstraint

from genmux.store.metadata import METADATA

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("team", Text, nullable=True),
    Column("key", Text, nullable=True),
    Column("end_user", Text, nullable=True),
    Column("status", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("operation", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("account", Text, nullable=True),
    Column("request", Text, nullable=False),
    Column("request_hash", Text, nullable=False),
    Column("idempotency_key", Text, nullable=True),
    Column("batch", Text, nullable=True),
    Column("retry_of", Text, nullable=True),
    Column("callback_token", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("intent_at", BigInteger, nullable=True),
    Column("submitted_at", BigInteger, nullable=True),
    Column("started_at", BigInteger, nullable=True),
    Column("ended_at", BigInteger, nullable=True),
    Column("expires_at", BigInteger, nullable=True),
    Column("cancel_at", BigInteger, nullable=True),
    Column("owner", Text, nullable=True),
    Column("fence", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("progress", Float, nullable=True),
    Column("queue_position", Integer, nullable=True),
    Column("ticket", Text, nullable=True),
    Column("outcome", Text, nullable=True),
    Column("hint", Text, nullable=True),
    Column("cost", BigInteger, nullable=True),
    Column("details", Text, nullable=False),
    UniqueConstraint("tenant", "idempotency_key", name="uq_jobs_tenant_idempotency_key"),
    Index("ix_jobs_lane", "status", "tenant", "provider", "rank", "created_at", "id"),
    Index("ix_jobs_account_status", "account", "status"),
    Index("ix_jobs_owner_status", "owner", "status"),
    Index("ix_jobs_tenant_created", "tenant", "created_at", "id"),
    Index("ix_jobs_provider_status", "provider", "status"),
    Index("ix_jobs_ended_at", "ended_at"),
    Index("ix_jobs_ticket", "ticket", postgresql_using="hash"),  # which any length of a ticket fits into
)

job_workers = Table(
    "job_workers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("about", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("beat_at", BigInteger, nullable=False),
)

job_pauses = Table(
    "job_pauses",
    METADATA,
    Column("provider", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)
