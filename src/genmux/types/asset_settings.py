"""How files are kept: `[assets]` of `genmux.toml`."""

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class AssetSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How files are kept (`[assets]`): what was made, and what was uploaded.

    `url` is where: a folder, `s3://BUCKET/PREFIX`, `gs://…` or `az://…`; without it, the folder `assets` beside the store.
    `options` are those of the bucket (`region`, `endpoint` …); credentials are better in the environment, where the clouds'
    own tools look for them, too. Files are kept for `keep_days`, or for ever without.

    `link_seconds` is how long a link is good for where nothing is said. With `public_url` in `[gateway]`, links are whole, and
    inputs can be sent by their address.

    `private_hosts` are hosts, addresses or networks that are no public ones and may be fetched from all the same
    (`127.0.0.1`, `studio.lan:8188`, `10.1.0.0/16`). `proxy_resolves` leaves it to a proxy to find hosts that cannot be found
    here, and to keep out of private networks.

    `max_bytes` is the largest file, `downloads` how many are copied at once, `idle` and `total` how long a download may be
    silent and take in all, in seconds. `upload_days` is how long an upload that was broken off can be gone on with.
    `thumbnails = false` makes none.
    """

    url: str | None = None
    options: dict[str, str] = msgspec.field(default_factory=dict)
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    link_seconds: Annotated[float, msgspec.Meta(ge=1, le=604_800)] = 3_600.0
    private_hosts: tuple[str, ...] = ()
    proxy_resolves: bool = False
    max_bytes: Count = 5 * 1024**3
    downloads: Count = 16
    idle: Seconds = 30.0
    total: Seconds = 3_600.0
    upload_days: Count = 2
    thumbnails: bool = True

    def __repr__(self) -> str:
        """Everything that matters but the options, in which keys may stand."""
        return f"AssetSettings(url={self.url!r}, keep_days={self.keep_days!r}, options=<{len(self.options)}>)"
