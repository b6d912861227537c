"""What Alembic runs: the steps that are due, on the connection and in the transaction that it is given."""

from alembic import context

from genmux.store.revisions import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite cannot alter a table: it is made anew
)
with context.begin_transaction():
    context.run_migrations()
