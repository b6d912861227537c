"""What travels between jobs, assets and the database that keeps them."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.types.assets import Asset, AssetOrigin, AssetRole
from genmux.types.generation import Input


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of a request, looked at: `inputs` say what they are (kind, role, size, length), `parents` are the assets among them.

    `inputs` may be kept with the job: a path or bytes became an asset, so that the job can be submitted from any machine.
    """

    inputs: tuple[Input, ...] = ()
    parents: tuple[str, ...] = ()


class Whence(msgspec.Struct, frozen=True, kw_only=True):
    """Where the files of a job come from, for their provenance. `cost` is that of the job, which its outputs share.

    `origin` is `imported` for a job that was not ours; `expires_at` comes in place of what the settings say.
    """

    tenant: str
    job: str
    provider: str
    model: str
    operation: str
    request_hash: str
    team: str | None = None
    key: str | None = None
    parents: tuple[str, ...] = ()
    cost: Decimal | None = None
    simulated: bool = False
    origin: AssetOrigin = "generated"
    expires_at: datetime.datetime | None = None


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file comes from that an account had made before it came to us."""

    provider: str
    model: str | None = None
    operation: str | None = None
    cost: Decimal | None = None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A file that lies in our storage and has no row yet. It is the same file when it is collected again."""

    storage_key: str
    sha256: str
    bytes: int
    media_type: str
    role: AssetRole = "output"
    name: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    poster: "Stored | None" = None
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a file is, by its content. `broken` says why it cannot be opened, where it cannot.

    `width` and `height` are in pixels, as it is shown; `seconds` is how long it is, `fps` how many pictures a second it has.
    """

    media_type: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    broken: str | None = None


class KeptObject(msgspec.Struct, frozen=True, kw_only=True):
    """The same bytes of one tenant, kept once. `facts` are there when the file is, and `poster` is the key of its thumbnail."""

    storage_key: str
    tenant: str
    sha256: str
    bytes: int
    facts: Facts | None = None
    poster: str | None = None


class AssetRow(msgspec.Struct, frozen=True, kw_only=True):
    """An asset with where its bytes are; `place` is its number among the files of its job."""

    asset: Asset
    storage_key: str
    place: int = 0


class UploadRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A large file on its way to us. `size` is how long it will be, `received` how much of it is there; both in bytes.

    `sha256` is what it must have, where that was said; `asset` is what became of it.
    """

    id: str
    tenant: str
    size: int
    created_at: datetime.datetime
    expires_at: datetime.datetime
    received: int = 0
    team: str | None = None
    key: str | None = None
    name: str | None = None
    media_type: str | None = None
    sha256: str | None = None
    asset: str | None = None
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)


class UploadPart(msgspec.Struct, frozen=True):
    """A piece of an upload that is there: where it begins, its size in bytes, where it lies."""

    start: int
    bytes: int
    storage_key: str


class LinkKey(msgspec.Struct, frozen=True):
    """What links are signed with."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        """Without the secret."""
        return f"LinkKey(id={self.id!r})"
