"""The outputs of simulated jobs: small real files, and every way in which a download goes wrong."""

import itertools
import zlib
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from struct import pack

from genmux.contract.dialect import Answer
from genmux.contract.local import Pause
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.steps import Cut, Headers, Step, head, whole

PIECE = bytes(64 * 1024)
PAGE = b"<!doctype html><title>Sign in</title><p>This is not the file that you are looking for."
SAMPLES = {
    "video/mp4": "clip.mp4",
    "audio/wav": "tone.wav",
    "audio/mpeg": "tone.mp3",
    "image/jpeg": "card.jpg",
    "image/webp": "card.webp",
}


def content(job: SimulatedJob, index: int) -> bytes:
    """The bytes of an output. Pictures in PNG differ from job to job; all else is the same small file for everyone."""
    if job.media_type == "image/png":
        return picture(sha256(f"{job.id}/{index}".encode()).digest()[:3])
    return sample(job.media_type)


def picture(colour: bytes, side: int = 64) -> bytes:
    """A PNG of one colour (RFC 2083)."""
    rows = (b"\0" + colour * side) * side
    chunks = (
        (b"IHDR", pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


@cache
def sample(media_type: str) -> bytes:
    """A small file of a type."""
    name = SAMPLES.get(media_type)
    if name is None:
        return b"An output of the simulator.\n"
    return files("genmux.testing.simulator.media").joinpath("samples", name).read_bytes()


def download(job: SimulatedJob, index: int, *, dead: Answer, wants: str | None = None) -> Iterator[Step]:
    """Send an output, as its script wants; `dead` is what is said of an expired link, `wants` the `range` header."""
    job.fetched += 1
    kind, value = job.script.file or ("", "")
    headers: Headers = (("content-type", job.media_type), ("accept-ranges", "bytes"))
    data = content(job, index)
    whole_head = head(200, (*headers, ("content-length", str(len(data)))))
    match kind:
        case "dead-link":
            yield whole(dead.status, dead.headers, dead.body)
        case "error" if job.fetched <= int(value):
            yield whole(503, (("content-type", "text/plain"), ("retry-after", "0")), b"come again")
        case "redirect":
            yield whole(302, (("location", value),), b"")
        case "wrong-type":
            yield whole(200, headers, PAGE)
        case "truncated":
            yield from (whole_head + data[: len(data) // 2], Cut.FIN)
        case "endless":
            yield head(200, headers) + data
            yield from itertools.repeat(PIECE)
        case "huge":
            yield from _padded(data, int(value), headers)
        case "slow":
            yield from (whole_head, Pause(float(value)), data)
        case _:
            yield _ranged(data, headers, wants)


def _padded(data: bytes, size: int, headers: Headers) -> Iterator[Step]:
    """So many bytes: the file, then zeros, which its readers skip."""
    yield head(200, (*headers, ("content-length", str(max(size, len(data)))))) + data
    left = size - len(data)
    while left > 0:
        yield PIECE if left >= len(PIECE) else bytes(left)
        left -= len(PIECE)


def _ranged(data: bytes, headers: Headers, wants: str | None) -> bytes:
    unit, _, span = (wants or "").partition("=")
    first, _, last = span.partition("-")
    if unit != "bytes" or not first.isdecimal() or "," in span or int(first) >= len(data):
        return whole(200, headers, data)
    end = min(int(last), len(data) - 1) if last.isdecimal() else len(data) - 1
    told = ("content-range", f"bytes {int(first)}-{end}/{len(data)}")
    return whole(206, (*headers, told), data[int(first) : end + 1])


def file_answer(job: SimulatedJob, index: int) -> Answer:
    """An output as an ordinary reply, for protocols that give it in the reply itself."""
    return Answer(status=200, body=content(job, index), headers=(("content-type", job.media_type),))
