"""The tables that the steps make are the tables that the code knows, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Boolean, Connection, Float, Integer, LargeBinary, SmallInteger, Text

from genmux.store.metadata import all_tables
from genmux.store.opening import open_store
from genmux.store.revisions import SCRIPTS, VERSION_TABLE, known_revisions
from genmux.store.upkeep.archive import EPHEMERAL

TENANTLESS = {
    "asset_link_keys": "links of all tenants are signed with the same",
    "account_versions": "one version for all tenants",
    "sealing_keys": "they seal the credentials of all tenants",
    "ledger_workers": "processes work for all tenants",
    "ledger_versions": "one version for all tenants",
    "job_workers": "processes work for all tenants",
    "job_pauses": "a provider pauses for all tenants",
    "event_cursors": "one place for all tenants",
}
"""Tables without a tenant, with the reason."""

PLAIN = (BigInteger, Boolean, Float, Integer, LargeBinary, SmallInteger, Text)
"""Types that are the same on both databases, so that a backup of one can be restored into the other."""


def test_the_steps_are_one_line_numbered_by_their_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    found = list(ScriptDirectory.from_config(config).walk_revisions())

    assert [step.revision for step in reversed(found)] == list(known_revisions())
    assert all(Path(step.path).name.startswith(f"{step.revision}_") for step in found)


def differences(core: Connection) -> list[object]:
    options = {"version_table": VERSION_TABLE, "compare_type": True}
    return compare_metadata(MigrationContext.configure(core, opts=options), all_tables())


async def test_on_sqlite_the_steps_make_what_the_code_knows(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "s.db", role="command")

    assert await store.database.write(lambda tx: differences(tx.core)) == []
    await store.aclose()


async def test_on_postgresql_the_steps_make_what_the_code_knows(postgres_store_url: str) -> None:
    store = await open_store(postgres_store_url, role="command")

    assert await store.database.write(lambda tx: differences(tx.core)) == []
    await store.aclose()


@pytest.mark.parametrize("name", sorted(all_tables().tables))
def test_every_table_says_whose_its_rows_are(name: str) -> None:
    table = all_tables().tables[name]

    assert ("tenant" in table.columns) is (name not in TENANTLESS)
    if name not in TENANTLESS:
        assert not table.columns["tenant"].nullable


@pytest.mark.parametrize("name", sorted({*all_tables().tables} - EPHEMERAL))
def test_every_column_has_a_type_that_both_databases_share(name: str) -> None:
    assert [one.name for one in all_tables().tables[name].columns if not isinstance(one.type, PLAIN)] == []
