"""Assets, objects and uploads as rows."""

from collections.abc import Mapping
from datetime import datetime
from sys import intern
from typing import Any

import msgspec

from genmux.store.moments import from_micros as moment_of
from genmux.store.moments import to_micros
from genmux.types.assets import Asset
from genmux.types.assets_stored import AssetRow, Facts, KeptObject, UploadRow
from genmux.types.money import from_micros, micros

Row = Mapping[Any, Any]

_SAME = (
    *("id", "tenant", "origin", "role", "media_type", "sha256", "bytes", "name", "width", "height", "seconds", "fps"),
    *("job", "provider", "model", "operation", "request_hash", "team", "key", "poster", "simulated"),
)
_SAME_OF_UPLOAD = (*("id", "tenant", "team", "key", "name", "media_type", "sha256", "asset", "size", "received"),)


def asset_values(row: AssetRow) -> dict[str, Any]:
    """As columns."""
    asset = row.asset
    return {name: getattr(asset, name) for name in _SAME} | {
        "created_at": to_micros(asset.created_at),
        "expires_at": micros_of(asset.expires_at),
        "cost": None if asset.cost is None else micros(asset.cost),
        "metadata": json_of(asset.metadata),
        "storage_key": row.storage_key,
        "place": row.place,
    }


def asset_row(row: Row, parents: tuple[str, ...]) -> AssetRow:
    """From columns."""
    same = {name: row[name] for name in _SAME}
    same["role"] = intern(same["role"])  # so that the usual one is left out of JSON, wherever it was read
    asset = Asset(
        **same,
        created_at=moment_of(row["created_at"]),
        expires_at=_moment(row["expires_at"]),
        cost=None if row["cost"] is None else from_micros(row["cost"]),
        metadata=_table(row["metadata"]),
        parents=parents,
    )
    return AssetRow(asset=asset, storage_key=row["storage_key"], place=row["place"])


def kept_object(row: Row) -> KeptObject:
    """From columns."""
    return KeptObject(
        storage_key=row["storage_key"],
        tenant=row["tenant"],
        sha256=row["sha256"],
        bytes=row["bytes"],
        facts=None if row["facts"] is None else msgspec.json.decode(row["facts"], type=Facts),
        poster=row["poster"],
    )


def upload_values(upload: UploadRow) -> dict[str, Any]:
    """As columns."""
    return {name: getattr(upload, name) for name in _SAME_OF_UPLOAD} | {
        "created_at": to_micros(upload.created_at),
        "expires_at": to_micros(upload.expires_at),
        "metadata": json_of(upload.metadata),
    }


def upload_row(row: Row) -> UploadRow:
    """From columns."""
    return UploadRow(
        **{name: row[name] for name in _SAME_OF_UPLOAD},
        created_at=moment_of(row["created_at"]),
        expires_at=moment_of(row["expires_at"]),
        metadata=_table(row["metadata"]),
    )


def json_of(value: Any) -> str | None:
    """As text; None for what is empty."""
    return msgspec.json.encode(value).decode() if value else None


def micros_of(moment: datetime | None) -> int | None:
    """A moment, where there is one, as a number."""
    return None if moment is None else to_micros(moment)


def _moment(number: int | None) -> datetime | None:
    return None if number is None else moment_of(number)


def _table(text: str | None) -> dict[str, Any]:
    return {} if text is None else msgspec.json.decode(text, type=dict[str, Any])
