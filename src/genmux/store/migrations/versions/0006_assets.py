"""Assets: files with their provenance, the bytes behind them, uploads on their way, and what links are signed with."""

import sqlalchemy
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKeyConstraint, Integer, LargeBinary, Text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _assets()
    _objects()
    _uploads()
    op.create_table(
        "asset_link_keys",
        _text("id"),
        Column("secret", LargeBinary, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        sqlalchemy.PrimaryKeyConstraint("id", name="pk_asset_link_keys"),
    )


def _assets() -> None:
    op.create_table(
        "assets",
        *(_text(name) for name in ("id", "tenant")),
        Column("created_at", BigInteger, nullable=False),
        *(_text(name) for name in ("origin", "role", "media_type", "sha256", "storage_key")),
        Column("bytes", BigInteger, nullable=False),
        _maybe("name"),
        Column("width", Integer, nullable=True),
        Column("height", Integer, nullable=True),
        Column("seconds", Float(53), nullable=True),
        Column("fps", Float(53), nullable=True),
        *map(_maybe, ("job", "provider", "model", "operation", "request_hash", "team", "key")),
        Column("place", Integer, nullable=False),
        Column("cost", BigInteger, nullable=True),
        _maybe("poster"),
        Column("expires_at", BigInteger, nullable=True),
        Column("simulated", Boolean, nullable=False),
        _maybe("metadata"),
        sqlalchemy.PrimaryKeyConstraint("id", name="pk_assets"),
    )
    op.create_index("ix_assets_tenant_created_at", "assets", ["tenant", "created_at", "id"])
    op.create_index("ix_assets_job", "assets", ["job", "place"])
    op.create_index("ix_assets_storage_key", "assets", ["storage_key"])
    op.create_index("ix_assets_expires_at", "assets", ["expires_at"])
    op.create_table(
        "asset_parents",
        _text("child"),
        Column("place", Integer, nullable=False, autoincrement=False),
        *(_text(name) for name in ("tenant", "parent")),
        sqlalchemy.PrimaryKeyConstraint("child", "place", name="pk_asset_parents"),
        ForeignKeyConstraint(["child"], ["assets.id"], name="fk_asset_parents_child_assets", ondelete="CASCADE"),
    )
    op.create_index("ix_asset_parents_parent", "asset_parents", ["parent"])


def _objects() -> None:
    op.create_table(
        "asset_objects",
        *(_text(name) for name in ("storage_key", "tenant", "sha256")),
        Column("bytes", BigInteger, nullable=False),
        *map(_maybe, ("facts", "poster")),
        Column("touched_at", BigInteger, nullable=False),
        Column("doomed_at", BigInteger, nullable=True),
        sqlalchemy.PrimaryKeyConstraint("storage_key", name="pk_asset_objects"),
    )
    op.create_index("ix_asset_objects_tenant_sha256", "asset_objects", ["tenant", "sha256"])
    op.create_index("ix_asset_objects_touched_at", "asset_objects", ["touched_at"])
    op.create_index("ix_asset_objects_poster", "asset_objects", ["poster"])


def _uploads() -> None:
    op.create_table(
        "asset_uploads",
        *(_text(name) for name in ("id", "tenant")),
        *map(_maybe, ("team", "key", "name", "media_type", "sha256", "asset", "metadata")),
        *(Column(name, BigInteger, nullable=False) for name in ("size", "received", "created_at", "expires_at")),
        sqlalchemy.PrimaryKeyConstraint("id", name="pk_asset_uploads"),
    )
    op.create_index("ix_asset_uploads_expires_at", "asset_uploads", ["expires_at"])
    op.create_table(
        "asset_upload_parts",
        _text("upload"),
        Column("start", BigInteger, nullable=False, autoincrement=False),
        _text("tenant"),
        Column("bytes", BigInteger, nullable=False),
        _text("storage_key"),
        sqlalchemy.PrimaryKeyConstraint("upload", "start", name="pk_asset_upload_parts"),
        ForeignKeyConstraint(
            ["upload"], ["asset_uploads.id"], name="fk_asset_upload_parts_upload_asset_uploads", ondelete="CASCADE"
        ),
    )


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _maybe(name: str) -> "Column[str]":
    return Column(name, Text, nullable=True)


def downgrade() -> None:
    """Remove the tables."""
    names = ("asset_parents", "assets", "asset_objects", "asset_upload_parts", "asset_uploads", "asset_link_keys")
    for name in names:
        op.drop_table(name)
