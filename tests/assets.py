"""Files for tests, and a desk that keeps files."""

import atexit
import datetime
import functools
import io
import math
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import msgspec
from PIL import Image

from genmux.app.assets import AssetDesk
from genmux.services.assets.looking import Looker
from genmux.store.assets.storage import Storage
from genmux.store.opening import open_store
from genmux.types.asset_settings import AssetSettings
from genmux.types.assets import Asset, Output
from genmux.types.principal import Principal
from tests.ledgers import NOON, numbers

ME = Principal(organisation="acme", team="t1", key="k1")
OTHER = Principal(organisation="other")
SETTINGS = AssetSettings(private_hosts=("127.0.0.1",), thumbnails=True)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime.datetime:
        return self.time

    def move(self, **span: float) -> None:
        self.time += datetime.timedelta(**span)


class House:
    """A desk of files, its clock and its store."""

    def __init__(self, desk: AssetDesk, clock: Clock, store: Any) -> None:
        self.desk = desk
        self.clock = clock
        self.store = store
        self.shelf, self.files, self.uploads, self.links = desk.shelf, desk.files, desk.uploads, desk.links
        self.storage = desk.storage

    async def kept(self, content: bytes, principal: Principal = ME, **fields: Any) -> Asset:
        """An asset with these bytes."""
        from genmux.services.assets.uploads import Announced

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        return await self.uploads.take(principal, lambda: Announced(**fields), pieces())

    async def collected(self, output: Output, **how: Any) -> Any:
        return await self.files.collect(output, **{"tenant": "acme", "headers": {}, "trusted_hosts": (), **how})

    def lying(self) -> list[str]:
        """All files in the folder of the storage, also those on their way."""
        root = Path(self.storage.place)
        return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


@asynccontextmanager
async def house(
    url: str | Path,
    *,
    folder: Path,
    settings: AssetSettings = SETTINGS,
    storage: Storage | None = None,
    public_url: str | None = None,
) -> AsyncIterator[House]:
    """A desk on a store; its files are in a folder."""
    clock = Clock()
    if settings.url is None and storage is None:
        settings = msgspec.structs.replace(settings, url=str(folder / "files"))
    store = await open_store(url, role="command")
    desk = AssetDesk(
        store,
        settings,
        environ={"HOME": str(folder)},
        now=clock,
        new_id=numbers("n"),
        public_url=public_url,
        storage=storage,
        looker=looker(thumbnails=settings.thumbnails),
    )
    try:
        yield House(desk, clock, store)
    finally:
        await desk.aclose()
        await store.aclose()


class SharedLooker(Looker):
    """One that several have; it ends with the process."""

    def close(self) -> None:
        """Others may still need it."""


@functools.cache
def looker(*, thumbnails: bool = True) -> Looker:
    """One for all tests of this process, since its child takes a while to start."""
    made = SharedLooker(thumbnails=thumbnails)
    atexit.register(Looker.close, made)
    return made


# ---------------------------------------------------------------- files
def picture(width: int = 64, height: int = 48, kind: str = "PNG", *, turned: bool = False, seed: int = 1) -> bytes:
    """A picture; with another seed it is another one."""
    file = io.BytesIO()
    image = Image.new("RGB", (width, height), (seed * 37 % 256, 80, 160))
    image.putpixel((0, 0), (seed % 256, seed // 256 % 256, 0))
    exif = image.getexif()
    if turned:
        exif[0x0112] = 6
    image.save(file, kind, **({"exif": exif} if turned else {}))
    return file.getvalue()


def noise(side: int) -> bytes:
    """A picture that does not get small."""
    file = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(file, "PNG")
    return file.getvalue()


def sound(kind: str = "wav", codec: str = "pcm_s16le", seconds: float = 1.0) -> bytes:
    """A tone that grows louder."""
    file, rate, piece = io.BytesIO(), 48_000, 960
    with av.open(file, "w", format=kind) as made:
        stream = made.add_stream(codec, rate=rate)
        count = int(rate * seconds / piece)
        for number in range(count):
            frame = av.AudioFrame(format="s16", layout="stereo", samples=piece)
            frame.sample_rate, frame.pts = rate, number * piece
            tone = [int(9_000 * number / count * math.sin((number * piece + one) / 20)) for one in range(piece)]
            frame.planes[0].update(b"".join(struct.pack("<hh", one, one) for one in tone))
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    return file.getvalue()


def film(kind: str = "mp4", codec: str = "libx264", *, width: int = 96, height: int = 64, frames: int = 25) -> bytes:
    """A video of so many frames at 25 a second."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as made:
        stream = made.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            image = Image.new("RGB", (width, height), (number * 9 % 256, 100, 50))
            made.mux(stream.encode(av.VideoFrame.from_image(image)))
        made.mux(stream.encode())
    return file.getvalue()
