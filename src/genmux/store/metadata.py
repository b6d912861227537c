"""All tables of the store, gathered from the files `store/<area>_tables.py`; each belongs to the area's owner."""

import importlib

from sqlalchemy import MetaData

AREAS = ("ledger", "accounts", "keys", "usage")
"""Each area has its tables in `genmux.store.<area>_tables` and its migrations under the number of its place here."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def all_tables() -> MetaData:
    """The metadata with every area's tables in it."""
    for area in AREAS:
        importlib.import_module(f"genmux.store.{area}_tables")
    return METADATA
