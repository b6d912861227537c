"""What jobs made: the assets of many of them at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, or_, select

from genmux.store.assets.rows import asset_row
from genmux.store.assets.tables import asset_parents, assets
from genmux.store.database import Tx
from genmux.types.assets import Asset


def made(tx: Tx, tenant: str, jobs: Sequence[str], *, now: int) -> dict[str, tuple[Asset, ...]]:
    """What jobs of a tenant made and has not expired, by job, without thumbnails, in the order of their outputs."""
    if not jobs:
        return {}
    c = assets.c
    lasting = or_(c.expires_at.is_(None), c.expires_at > now)
    which = (c.job.in_(jobs), c.tenant == tenant, c.role != "poster", lasting)
    parents = _parents(tx, select(c.id).where(*which))
    rows = tx.core.execute(select(assets).where(*which).order_by(c.place, c.id)).mappings()
    found: defaultdict[str, list[Asset]] = defaultdict(list)
    for row in rows:
        found[row["job"]].append(asset_row(row, tuple(parents.get(row["id"], ()))).asset)
    return {job: tuple(ones) for job, ones in found.items()}


def _parents(tx: Tx, children: Select[Any]) -> dict[str, list[str]]:
    """What assets were made of."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    c = asset_parents.c
    asked = select(c.child, c.parent).where(c.child.in_(children)).order_by(c.child, c.place)
    for child, parent in tx.core.execute(asked):
        found[child].append(parent)
    return found
