"""All tables of the store, gathered from the files `store/<area>/tables.py`; each belongs to the area's owner."""

import importlib
from pathlib import Path

from sqlalchemy import MetaData

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
    for path in sorted(Path(__file__).parent.glob("*/tables.py")):
        importlib.import_module(f"genmux.store.{path.parent.name}.tables")
    return METADATA
