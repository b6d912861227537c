"""Downloads against a server that does everything wrong."""

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

from genmux.engine.download import Downloaded, Downloader, DownloadLimits
from genmux.engine.file_sink import FileSink
from genmux.engine.guarded_transport import GuardedTransport
from genmux.engine.url_guard import UrlGuard
from genmux.types.errors import ErrorKind, InvalidRequestError, ProviderError, Retry
from tests.faults.files import CONTENT, HALF
from tests.faults.proxy import Proxy
from tests.faults.server import FaultServer

LIMITS = DownloadLimits(connect=1, first_byte=1, idle=0.1, total=20, attempts=3)
SHA = hashlib.sha256(CONTENT).hexdigest()

Make = Callable[..., Downloader]


async def at_once(_seconds: float) -> None:
    """Nobody waits in tests."""


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Downloader] = []

    def make(private: tuple[str, ...] = ("127.0.0.1",), *, resolve=None, **limits: float) -> Downloader:
        found = Downloader(
            UrlGuard(private, resolve=resolve), limits=msgspec.structs.replace(LIMITS, **limits), sleep=at_once
        )
        made.append(found)
        return found

    yield make
    for one in made:
        await one.aclose()


async def fetched(downloader: Downloader, url: str, path: Path, **how) -> Downloaded:
    with FileSink(path) as sink:
        return await downloader.fetch(url, sink, **how)


def content(path: Path) -> bytes:
    return path.read_bytes()


def there(path: Path) -> bool:
    return path.exists()


async def failure(downloader: Downloader, url: str, path: Path, **how) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await fetched(downloader, url, path, **how)
    assert not there(path)
    return caught.value


async def test_a_file_comes_with_its_hash_type_and_name(server: FaultServer, make: Make, tmp_path: Path) -> None:
    found = await fetched(make(), server.url + "/file?token=secret#part", tmp_path / "f")

    assert (found.file.bytes, found.file.sha256, found.media_type, found.name) == (
        len(CONTENT),
        SHA,
        "video/mp4",
        "file",
    )
    assert content(tmp_path / "f") == CONTENT
    assert server.seen[0].target == "/file?token=secret"
    assert "authorization" not in server.seen[0].headers


async def test_a_name_is_no_path(server: FaultServer, make: Make, tmp_path: Path) -> None:
    assert (await fetched(make(), server.url + "/named", tmp_path / "f")).name == "a.mp4"


@pytest.mark.parametrize(
    ("path", "saw"),
    [
        ("/breaks_in_the_middle", 2),
        ("/breaks_and_has_no_parts", 2),
        ("/becomes_another", 2),
        ("/gives_the_wrong_part", 3),
        ("/without_length", 1),
        ("/busy_at_first", 3),
        ("/packed", 1),
    ],
)
async def test_what_can_be_had_after_all_is_had(
    path: str, saw: int, server: FaultServer, make: Make, tmp_path: Path
) -> None:
    found = await fetched(make(), server.url + path, tmp_path / "f")

    assert found.file.sha256 == SHA
    assert hashlib.sha256(content(tmp_path / "f")).hexdigest() == SHA
    assert server.saw[path] == saw


async def test_a_broken_download_goes_on_where_it_broke(server: FaultServer, make: Make, tmp_path: Path) -> None:
    await fetched(make(), server.url + "/breaks_in_the_middle", tmp_path / "f")

    assert server.seen[1].headers["range"] == f"bytes={HALF}-"


async def test_a_disk_that_is_full_ends_a_download_at_once_and_leaves_no_file(
    server: FaultServer, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_sink: FileSink, _piece: bytearray) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSink, "_put", full)
    error = await failure(make(), server.url + "/file", tmp_path / "f")

    assert (error.kind, error.retry) == (ErrorKind.OVERLOADED, Retry.SAFE)
    assert len(server.seen) == 1  # what was lost with the disk is not gone on with


@pytest.mark.parametrize(
    "row",
    [
        ("/ends_early_each_time", ErrorKind.NETWORK, Retry.SAFE, 3),
        ("/falls_silent", ErrorKind.TIMEOUT, Retry.SAFE, 3),
        ("/says_it_is_huge", ErrorKind.MALFORMED_REPLY, Retry.NEVER, 1),
        ("/never_ends", ErrorKind.MALFORMED_REPLY, Retry.NEVER, 1),
        ("/nothing_in_it", ErrorKind.MALFORMED_REPLY, Retry.NEVER, 1),
        ("/expired", ErrorKind.PERMISSION, Retry.NEVER, 1),
        ("/in_circles", ErrorKind.MALFORMED_REPLY, Retry.NEVER, 6),
    ],
)
async def test_what_cannot_be_had_is_told_and_leaves_no_file(
    row: tuple[str, ErrorKind, Retry, int], server: FaultServer, make: Make, tmp_path: Path
) -> None:
    path, *expected = row
    error = await failure(make(bytes=5_000_000), server.url + path, tmp_path / "f")

    assert [error.kind, error.retry, server.saw[path]] == expected


async def test_a_smaller_limit_of_the_caller_counts(server: FaultServer, make: Make, tmp_path: Path) -> None:
    error = await failure(make(), server.url + "/without_length", tmp_path / "f", max_bytes=HALF)

    assert "larger than" in error.message


async def test_a_server_that_drips_is_given_up(server: FaultServer, make: Make, tmp_path: Path) -> None:
    error = await failure(make(rate=1e9, window=0.05, attempts=1), server.url + "/drips", tmp_path / "f")

    assert error.kind is ErrorKind.TIMEOUT
    assert "bytes a second" in error.message


async def test_a_download_has_a_total_time(server: FaultServer, make: Make, tmp_path: Path) -> None:
    error = await failure(make(total=0.1, idle=5), server.url + "/falls_silent", tmp_path / "f")

    assert (error.kind, error.retry) == (ErrorKind.TIMEOUT, Retry.SAFE)


async def test_a_cancelled_download_leaves_no_file_and_no_connection(
    server: FaultServer, make: Make, tmp_path: Path
) -> None:
    task = asyncio.create_task(fetched(make(idle=10), server.url + "/falls_silent", tmp_path / "f"))
    await server.until(lambda: server.saw["/falls_silent"] == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not there(tmp_path / "f")
    await server.until(lambda: server.open_connections == 0)


# ---------------------------------------------------------------- where a download may go


async def test_a_private_address_is_refused_unless_it_was_named(
    server: FaultServer, make: Make, tmp_path: Path
) -> None:
    error = await failure(make(()), server.url + "/file", tmp_path / "f")

    assert isinstance(error, InvalidRequestError)
    assert "private_hosts" in error.message
    assert server.connections == 0


async def test_a_redirect_into_a_private_network_is_refused(server: FaultServer, make: Make, tmp_path: Path) -> None:
    to = quote("http://169.254.169.254/latest/meta-data/", safe="")
    error = await failure(make(), f"{server.url}/elsewhere?to={to}", tmp_path / "f")

    assert isinstance(error, InvalidRequestError)
    assert "169.254.169.254" in error.message


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.com/x", "gopher://x/", "//u:p@127.0.0.1/"])
async def test_a_redirect_to_something_else_than_http_is_refused(
    to: str, server: FaultServer, make: Make, tmp_path: Path
) -> None:
    error = await failure(make(), f"{server.url}/elsewhere?to={quote(to, safe='')}", tmp_path / "f")

    assert isinstance(error, InvalidRequestError)


async def test_a_credential_goes_to_trusted_hosts_alone(server: FaultServer, make: Make, tmp_path: Path) -> None:
    async with FaultServer() as other:
        to = quote(other.url + "/file", safe="")
        await fetched(
            make(),
            f"{server.url}/elsewhere?to={to}",
            tmp_path / "f",
            headers={"authorization": "Bearer secret", "x-api-key": "secret"},
            trusted_hosts=(server.url,),
        )

        assert server.seen[0].headers["authorization"] == "Bearer secret"
        assert "secret" not in str(other.seen[0].headers)


async def test_a_trusted_host_may_be_private(server: FaultServer, make: Make, tmp_path: Path) -> None:
    found = await fetched(make(()), server.url + "/file", tmp_path / "f", trusted_hosts=(server.url,))

    assert found.file.sha256 == SHA


async def test_a_name_is_looked_up_once_and_no_later_answer_counts(
    server: FaultServer, make: Make, tmp_path: Path
) -> None:
    """The name leads to 127.0.0.1 (allowed) when it is checked, and to 127.0.0.9 (not allowed) whenever it is asked again."""
    answers = iter(["127.0.0.1"])

    async def resolve(name: str, port: int) -> tuple[str, ...]:
        del name, port
        return (next(answers, "127.0.0.9"),)

    found = await fetched(make(resolve=resolve), f"http://cdn.test:{server.port}/file", tmp_path / "f")

    assert found.file.sha256 == SHA
    assert server.seen[0].headers["host"] == f"cdn.test:{server.port}"


async def test_one_private_address_among_several_is_enough_to_refuse(make: Make, tmp_path: Path) -> None:
    async def resolve(name: str, port: int) -> tuple[str, ...]:
        del name, port
        return ("93.184.216.34", "10.0.0.7")

    error = await failure(make((), resolve=resolve), "https://cdn.test/x", tmp_path / "f")

    assert isinstance(error, InvalidRequestError)


async def test_a_host_that_cannot_be_found_may_be_found_later(make: Make, tmp_path: Path) -> None:
    async def resolve(name: str, port: int) -> tuple[str, ...]:
        raise OSError(-2, f"{name}:{port} is not known")

    error = await failure(make((), resolve=resolve), "https://cdn.test/x", tmp_path / "f")

    assert (error.kind, error.retry) == (ErrorKind.NETWORK, Retry.SAFE)


async def test_a_proxy_is_asked_for_the_address_that_was_checked(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(name: str, port: int) -> tuple[str, ...]:
        del name, port
        return ("93.184.216.34",)

    async with Proxy(server.port) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        downloader = Downloader(UrlGuard(resolve=resolve), transport=GuardedTransport(), limits=LIMITS)
        found = await fetched(downloader, "http://cdn.test/file", tmp_path / "f")
        await downloader.aclose()

        assert found.file.sha256 == SHA
        assert proxy.asked == ["GET http://93.184.216.34/file"]
        assert server.seen[0].headers["host"] == "cdn.test"


async def test_a_look_reads_the_beginning_and_no_more(server: FaultServer, make: Make) -> None:
    looked = await make().look(server.url + "/file", count=1_000)

    assert (looked.start, looked.size) == (CONTENT[:1_000], len(CONTENT))


async def test_a_look_at_an_endless_file_ends(server: FaultServer, make: Make) -> None:
    looked = await make().look(server.url + "/never_ends", count=1_000)

    assert (len(looked.start), looked.size) == (1_000, None)
