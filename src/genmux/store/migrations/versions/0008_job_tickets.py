"""An index of the tickets of jobs: webhooks that an account has for all its jobs tell a ticket."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index; on PostgreSQL one of hashes, which any length of a ticket fits into."""
    op.create_index("ix_jobs_ticket", "jobs", ["ticket"], postgresql_using="hash")


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_jobs_ticket", "jobs")
