"""`genmux store`: back up, restore, look at and look after the store."""

import datetime
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import App, Parameter

from genmux.cli.console import note, out, print_json, show_facts, show_table
from genmux.cli.options import Common, Switch
from genmux.cli.session import reported
from genmux.types.errors import ConfigurationError, InvalidRequestError

if TYPE_CHECKING:
    from genmux.services.settings import Settings
    from genmux.store.postgres.database import PostgresDatabase
    from genmux.store.upkeep.archive import Manifest
    from genmux.store.upkeep.restore import Restored
    from genmux.store.upkeep.survey import Survey

T = TypeVar("T")

store = App(
    name="store",
    help="Where accounts, keys, budgets and usage are kept: back up, restore, look at it, bring it up to date, shorten it.",
)

Url = Annotated[
    str | None, Parameter(help="Another store than that of genmux.toml: a file, sqlite:///FILE or postgresql://….")
]
Backup = Annotated[Path, Parameter(help="The file of the backup.")]


@store.command
def backup(file: Backup, /, *, url: Url = None, common: Common | None = None) -> None:
    """Write all that is in the store into a file, while the gateway goes on. The sealing key of credentials is not in it."""
    common = common or Common()
    with reported(common):
        made = _backup(_place(common, url), file)
        if common.json:
            print_json({"file": file, "rows": made.rows, "revision": made.revision, "kind": made.kind})
            return
        out.print(f"{made.rows} rows are in {file}")
        note("Accounts need the sealing key as well; it is not in the backup. Keep it somewhere else.")


def _backup(place: Path | str, file: Path) -> "Manifest":
    from genmux.store.upkeep.backup import backup_postgres, backup_sqlite

    now = datetime.datetime.now(datetime.UTC)
    if isinstance(place, Path):
        return backup_sqlite(place, file, now=now)
    return _on(place, lambda database: backup_postgres(database, file, now=now))


@store.command
def restore(
    file: Backup,
    /,
    *,
    replace: Annotated[
        bool, Switch, Parameter(help="Take the place of what is in the store; a copy of that is kept.")
    ] = False,
    url: Url = None,
    common: Common | None = None,
) -> None:
    """Bring back all that a backup has, or nothing. A backup of a SQLite file can be restored into PostgreSQL, and back."""
    common = common or Common()
    with reported(common):
        done = _restore(_place(common, url), file, replace=replace)
        if common.json:
            print_json({"rows": done.backup.rows, "made_at": done.backup.made_at, "kept": done.kept})
            return
        out.print(f"{done.backup.rows} rows of {done.backup.made_at} are restored")
        if done.kept is not None:
            out.print(f"what was there before is in {done.kept}")
        note("Restart the gateways that use this store.")


def _restore(place: Path | str, file: Path, *, replace: bool) -> "Restored":
    from genmux.store.opening import lock_file
    from genmux.store.upkeep.restore import restore_postgres, restore_sqlite

    now = datetime.datetime.now(datetime.UTC)
    if not isinstance(place, Path):
        return _on(place, lambda database: restore_postgres(file, database, now=now, replace=replace))
    lock = lock_file(place, role="command", about="genmux store restore")
    try:
        return restore_sqlite(file, place, now=now, replace=replace)
    finally:
        lock.release()


@store.command
def info(*, url: Url = None, common: Common | None = None) -> None:
    """Tell where the store is, its revision and size, how many rows each table has, and who has it open."""
    common = common or Common()
    with reported(common):
        found = _survey(_place(common, url))
        if common.json:
            print_json({"state": found.state, "store": found})
            return
        show_facts(
            (
                ("place", found.place),
                ("kind", found.kind),
                ("revision", f"{found.revision or '–'} ({found.state})"),
                ("size", f"{found.bytes / 1e6:.1f} MB"),
                ("in use by", found.holder.words() if found.holder else ""),
            )
        )
        if found.rows:
            out.print()
            show_table(("table", "rows"), ((name, str(count)) for name, count in found.rows.items()))


def _survey(place: Path | str) -> "Survey":
    from genmux.store.upkeep.survey import survey_postgres, survey_sqlite

    if isinstance(place, Path):
        return survey_sqlite(place)
    return _on(place, survey_postgres)


@store.command
def migrate(*, url: Url = None, common: Common | None = None) -> None:
    """Make the store, or bring it up to date; the gateway does the same when it starts."""
    common = common or Common()
    with reported(common):
        had, has = _migrate(_place(common, url))
        if common.json:
            print_json({"from": had, "to": has})
        elif had == has:
            out.print(f"the store is up to date (revision {has})")
        else:
            out.print(f"the store went from revision {had or 'none'} to {has}")


def _migrate(place: Path | str) -> tuple[str | None, str | None]:
    from genmux.store.migrating import migrate_postgres, migrate_sqlite
    from genmux.store.opening import lock_file, make_file
    from genmux.store.revisions import head

    if not isinstance(place, Path):
        return _on(place, lambda database: database.migrate(migrate_postgres)), head()
    lock = lock_file(place, role="command", about="genmux store migrate")
    try:
        make_file(place)
        return migrate_sqlite(place), head()
    finally:
        lock.release()


@store.command
def prune(
    *,
    keep: Annotated[
        tuple[str, ...],
        Parameter(
            help="NAME=DAYS: keep usage, content, assets or audit for another number of days. Repeatable.",
            negative="",
            show_default=False,
        ),
    ] = (),
    url: Url = None,
    common: Common | None = None,
) -> None:
    """Remove what has been kept for long enough; a running gateway does so by itself."""
    common = common or Common()
    with reported(common):
        import asyncio

        gone = asyncio.run(_prune(_place(common, url), _days(keep, _settings(common))))
        if common.json:
            print_json(gone)
        else:
            show_table(("kept", "rows removed"), ((name, str(count)) for name, count in gone.items()))


def _days(keep: tuple[str, ...], settings: "Settings") -> dict[str, int]:
    """The numbers of days that somebody chose: in the settings, or now."""
    chosen = {"usage": settings.usage.keep_days}
    for one in keep:
        name, told, days = one.partition("=")
        if not told or not days.isdecimal():
            raise InvalidRequestError(f"{one!r} is no NAME=DAYS, such as usage=90", param="keep")
        chosen[name] = int(days)
    return chosen


async def _prune(place: Path | str, keep: dict[str, int]) -> dict[str, int]:
    from genmux.store.opening import open_store
    from genmux.store.upkeep.retention import prune as prune_store

    opened = await open_store(place, role="command", about="genmux store prune")
    try:
        return await prune_store(opened.database, datetime.datetime.now(datetime.UTC), keep)
    finally:
        await opened.aclose()


def _on(url: str, do: "Callable[[PostgresDatabase], Coroutine[None, None, T]]") -> T:
    """Do something with a PostgreSQL database, and close it."""
    import asyncio

    async def work() -> T:
        from genmux.store.postgres.database import PostgresDatabase

        database = PostgresDatabase(url)
        try:
            return await do(database)
        finally:
            await database.aclose()

    return asyncio.run(work())


def _settings(common: Common) -> "Settings":
    from genmux.services.settings import read_settings

    return read_settings(os.environ, path=common.config)


def _place(common: Common, url: str | None) -> Path | str:
    """Where the store is: a file's path, or a PostgreSQL's URL."""
    from genmux.store.places import place

    chosen = url or _settings(common).store.url
    if chosen == "none":
        raise ConfigurationError("the settings say that there is no store (`none`); --url names one")
    return place(chosen, os.environ)
