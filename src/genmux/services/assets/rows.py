"""Assets out of stored files: their ids, their provenance, their share of the cost."""

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal

import msgspec

from genmux.types.assets import Asset
from genmux.types.assets_stored import AssetRow, Stored, Whence

PREFIX = "asset_"

_MICRO = Decimal("0.000001")


def asset_id(*whose: object) -> str:
    """The id of an asset that is always the same for the same things, so that it is never added twice."""
    told = "\0".join(map(str, whose))
    return PREFIX + hashlib.sha256(told.encode()).hexdigest()[:32]


def rows_of(stored: Sequence[Stored], whence: Whence, *, now: datetime.datetime) -> Iterator[AssetRow]:
    """The rows of a job's files: each output, and its thumbnail after it."""
    for place, (one, cost) in enumerate(zip(stored, _shares(whence.cost, len(stored)), strict=True)):
        asset = Asset(
            id=asset_id(whence.tenant, whence.job, place),
            tenant=whence.tenant,
            media_type=one.media_type,
            bytes=one.bytes,
            sha256=one.sha256,
            created_at=now,
            origin=whence.origin,
            role=one.role,
            name=one.name,
            width=one.width,
            height=one.height,
            seconds=one.seconds,
            fps=one.fps,
            job=whence.job,
            provider=whence.provider,
            model=whence.model,
            operation=whence.operation,
            request_hash=whence.request_hash,
            cost=cost,
            parents=whence.parents,
            team=whence.team,
            key=whence.key,
            expires_at=whence.expires_at,
            simulated=whence.simulated,
            metadata=one.metadata,
        )
        yield from with_poster(asset, one, place)


def with_poster(asset: Asset, stored: Stored, place: int = 0) -> Iterator[AssetRow]:
    """The row of an asset, and that of its thumbnail, where there is one."""
    poster = stored.poster
    if poster is None:
        yield AssetRow(asset=asset, storage_key=stored.storage_key, place=place)
        return
    small = msgspec.structs.replace(
        asset,
        id=asset_id(asset.id, "poster"),
        role="poster",
        media_type=poster.media_type,
        bytes=poster.bytes,
        sha256=poster.sha256,
        width=poster.width,
        height=poster.height,
        seconds=None,
        fps=None,
        name=None,
        cost=None,
        parents=(),
        metadata={},
    )
    whole = msgspec.structs.replace(asset, poster=small.id)
    yield AssetRow(asset=whole, storage_key=stored.storage_key, place=place)
    yield AssetRow(asset=small, storage_key=poster.storage_key, place=place)


def _shares(cost: Decimal | None, count: int) -> list[Decimal | None]:
    """The cost in equal parts; what cannot be divided goes to the first."""
    if cost is None or not count:
        return [None] * count
    part = (cost / count).quantize(_MICRO, rounding=ROUND_FLOOR)
    return [cost - part * (count - 1), *[part] * (count - 1)]
