"""The tables of assets. Moments are in microseconds since 1970 (UTC), costs in micro-units of a US dollar.

`assets` are what people see; `asset_objects` are the bytes, which several assets of a tenant may share. An object is doomed
before it is removed from the storage, and gets no new asset from then on.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text

from genmux.store.metadata import METADATA

_OWNED = ("team", "key")
_WHENCE = ("job", "provider", "model", "operation", "request_hash")

assets = Table(
    "assets",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("origin", "role", "media_type", "sha256", "storage_key")),
    Column("bytes", BigInteger, nullable=False),
    Column("name", Text, nullable=True),
    Column("width", Integer, nullable=True),
    Column("height", Integer, nullable=True),
    Column("seconds", Float(53), nullable=True),
    Column("fps", Float(53), nullable=True),
    *(Column(name, Text, nullable=True) for name in (*_WHENCE, *_OWNED)),
    Column("place", Integer, nullable=False),
    Column("cost", BigInteger, nullable=True),
    Column("poster", Text, nullable=True),
    Column("expires_at", BigInteger, nullable=True),
    Column("simulated", Boolean, nullable=False),
    Column("metadata", Text, nullable=True),
    Index("ix_assets_tenant_created_at", "tenant", "created_at", "id"),
    Index("ix_assets_job", "job", "place"),
    Index("ix_assets_storage_key", "storage_key"),
    Index("ix_assets_expires_at", "expires_at"),
)
"""`metadata` is JSON; `poster` is the id of the thumbnail's asset; `place` numbers the files of a job."""

asset_parents = Table(
    "asset_parents",
    METADATA,
    Column("child", Text, ForeignKey(assets.c.id, ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Index("ix_asset_parents_parent", "parent"),
)
"""What went into an asset; a parent may be gone."""

asset_objects = Table(
    "asset_objects",
    METADATA,
    Column("storage_key", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("facts", Text, nullable=True),
    Column("poster", Text, nullable=True),
    Column("touched_at", BigInteger, nullable=False),
    Column("doomed_at", BigInteger, nullable=True),
    Index("ix_asset_objects_tenant_sha256", "tenant", "sha256"),
    Index("ix_asset_objects_touched_at", "touched_at"),
    Index("ix_asset_objects_poster", "poster"),
)
"""`facts` are JSON, and there once the file is; `poster` is the storage key of the thumbnail."""

asset_uploads = Table(
    "asset_uploads",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    *(Column(name, Text, nullable=True) for name in (*_OWNED, "name", "media_type", "sha256", "asset", "metadata")),
    Column("size", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_asset_uploads_expires_at", "expires_at"),
)

asset_upload_parts = Table(
    "asset_upload_parts",
    METADATA,
    Column("upload", Text, ForeignKey(asset_uploads.c.id, ondelete="CASCADE"), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("storage_key", Text, nullable=False),
)

asset_link_keys = Table(
    "asset_link_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""What links are signed with. In no backup: whoever finds one must not be able to sign links."""
