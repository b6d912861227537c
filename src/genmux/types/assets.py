"""Files: what a provider made, and what we keep of it."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

AssetOrigin = Literal["generated", "uploaded", "imported"]
AssetRole = Literal["output", "poster", "last_frame", "preview", "input"]
"""What a file is to its job."""


class Output(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a provider made: where it is, or what it is.

    Exactly one of `url` (http, https or a `data:` URI), `data` (the bytes) and `file` (a path, from an embedded engine)
    is there. `media_type` and `name` are what the provider says of it. `signed` says that its address needs the credential,
    which only goes to the provider's own hosts. `expires_at` is when the address dies, as far as that is told.
    """

    url: str | None = None
    data: bytes | None = None
    file: str | None = None
    media_type: str | None = None
    name: str | None = None
    role: AssetRole = "output"
    signed: bool = False
    expires_at: datetime.datetime | None = None
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Asset(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that we keep. `bytes` is its size, `sha256` its hash in hex; `seconds` is how long a sound or a video is.

    Provenance: `origin`, the `job` that made it with its `provider`, `model`, `operation` and `request_hash` (SHA-256 of the
    canonical request), its share of the job's `cost` in US dollars, and `parents`, the assets that went into it. `poster` is
    the asset of its thumbnail. `url` is a signed link, where one was asked for. `expires_at` is when it is removed. `simulated` says that no
    model made it.
    """

    id: str
    tenant: str
    media_type: str
    bytes: int
    sha256: str
    created_at: datetime.datetime
    origin: AssetOrigin = "generated"
    role: AssetRole = "output"
    name: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    job: str | None = None
    provider: str | None = None
    model: str | None = None
    operation: str | None = None
    request_hash: str | None = None
    cost: Decimal | None = None
    parents: tuple[str, ...] = ()
    poster: str | None = None
    team: str | None = None
    key: str | None = None
    expires_at: datetime.datetime | None = None
    simulated: bool = False
    url: str | None = None
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`image`, `video`, `audio`, `text` …: the first half of its media type."""
        return self.media_type.partition("/")[0]


class AssetFilter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which assets are listed: all that fit everything that is said.

    `kind` is the first half of a media type (`image`), `search` a part of the name, `parent` an asset that went into them.
    Thumbnails (the role `poster`) are only listed where they are asked for.
    """

    kind: str | None = None
    media_type: str | None = None
    origin: AssetOrigin | None = None
    role: AssetRole | None = None
    job: str | None = None
    provider: str | None = None
    model: str | None = None
    operation: str | None = None
    team: str | None = None
    key: str | None = None
    sha256: str | None = None
    parent: str | None = None
    search: str | None = None
    since: datetime.datetime | None = None
    before: datetime.datetime | None = None
