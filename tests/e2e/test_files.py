"""Files through a real gateway: sent in pieces, read in parts, linked, and gone on with after a break."""

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from genmux.services.settings import GatewaySettings, Settings, StoreSettings
from tests.e2e.conftest import RunningGateway, running

ROOT = "the-root-key-of-this-test"
CONTENT = os.urandom(3_000_000)
SHA = hashlib.sha256(CONTENT).hexdigest()
PATH = "/api/v1/assets"
PIECE = {"content-type": "application/offset+octet-stream", "tus-resumable": "1.0.0"}


def settings_in(folder: Path) -> Settings:
    return Settings(gateway=GatewaySettings(keys=(ROOT,)), store=StoreSettings(url=str(folder / "genmux.db")))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with running(settings_in(tmp_path_factory.mktemp("files"))) as serving:
        yield serving


@pytest.fixture(scope="module")
def client(gateway: RunningGateway) -> Iterator[httpx2.Client]:
    with key_holder(gateway) as one:
        yield one


def key_holder(gateway: RunningGateway) -> httpx2.Client:
    return httpx2.Client(base_url=gateway.url, headers={"authorization": f"Bearer {ROOT}"}, timeout=30)


def pieces(content: bytes, size: int = 100_000) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def test_a_file_of_unknown_length_goes_in_and_comes_out_whole_and_in_parts(client: httpx2.Client) -> None:
    made = client.post(f"{PATH}?name=noise.bin", content=pieces(CONTENT)).raise_for_status().json()
    path = f"{PATH}/{made['id']}/content"

    assert (made["bytes"], made["sha256"], made["name"]) == (len(CONTENT), SHA, "noise.bin")
    assert client.get(path).content == CONTENT
    part = client.get(path, headers={"range": "bytes=2999990-"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (
        206,
        CONTENT[-10:],
        f"bytes 2999990-2999999/{len(CONTENT)}",
    )
    assert client.get(path, headers={"if-none-match": f'"{SHA}"'}).status_code == 304
    assert client.get(path, headers={"range": "bytes=3000000-"}).status_code == 416


def test_a_form_of_a_usual_client_goes_in(client: httpx2.Client) -> None:
    files = {"file": ("noise.bin", CONTENT, "application/octet-stream")}
    made = client.post(PATH, files=files, data={"metadata": '{"a": 1}'}).raise_for_status().json()

    assert (made["sha256"], made["name"], made["metadata"]["a"]) == (SHA, "noise.bin", 1)


def test_a_link_is_followed_without_a_key(client: httpx2.Client, gateway: RunningGateway) -> None:
    made = client.post(PATH, content=CONTENT).json()
    url = client.post(f"{PATH}/{made['id']}/link", json={"seconds": 60}).json()["url"]

    assert url.startswith(gateway.url)
    head = httpx2.head(url)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(CONTENT)), b"")
    assert httpx2.get(url).content == CONTENT
    assert httpx2.get(url + "x").status_code == 403
    assert httpx2.get(f"{gateway.url}{PATH}").status_code == 401


def test_a_reader_who_leaves_is_not_served_on(client: httpx2.Client, gateway: RunningGateway) -> None:
    made = client.post(PATH, content=CONTENT).json()
    with client.stream("GET", f"{PATH}/{made['id']}/content") as reply:
        next(reply.iter_bytes(1_000))
    ended = time.monotonic() + 10
    while gateway.server.server_state.tasks and time.monotonic() < ended:
        time.sleep(0.01)
    assert not gateway.server.server_state.tasks


def broken_off(gateway: RunningGateway, place: str, offset: int, sent: bytes, announced: int) -> None:
    """Send a part of a piece, then hang up."""
    parts = urlsplit(gateway.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as line:
        head = (
            f"PATCH {place} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ROOT}\r\ntus-resumable: 1.0.0\r\n"
            f"content-type: application/offset+octet-stream\r\nupload-offset: {offset}\r\ncontent-length: {announced}\r\n\r\n"
        )
        line.sendall(head.encode() + sent)


def offset_of(client: httpx2.Client, place: str, least: int) -> int:
    """How much is there, once that has come."""
    ended = time.monotonic() + 10
    while time.monotonic() < ended:
        offset = int(client.head(place).headers["upload-offset"])
        if offset >= least:
            return offset
        time.sleep(0.02)
    raise AssertionError("it never came")


def test_an_upload_goes_on_after_the_connection_and_the_gateway_broke(tmp_path: Path) -> None:
    with running(settings_in(tmp_path)) as gateway, key_holder(gateway) as client:
        begun = client.post(f"{PATH}/uploads", headers={"upload-length": str(len(CONTENT)), "tus-resumable": "1.0.0"})
        place = begun.headers["location"]
        first = client.patch(place, content=CONTENT[:1_000_000], headers={**PIECE, "upload-offset": "0"})
        assert (first.status_code, first.headers["upload-offset"]) == (204, "1000000")
        broken_off(gateway, place, 1_000_000, CONTENT[1_000_000:1_400_000], 2_000_000)
        reached = offset_of(client, place, 1_000_001)
        assert 1_000_000 < reached <= 1_400_000
    with running(settings_in(tmp_path)) as gateway, key_holder(gateway) as client:
        assert int(client.head(place).headers["upload-offset"]) == reached
        last = client.patch(place, content=pieces(CONTENT[reached:]), headers={**PIECE, "upload-offset": str(reached)})
        assert last.status_code == 204
        asset = last.headers["x-genmux-asset"]
        assert client.get(f"{PATH}/{asset}").json()["sha256"] == SHA
        assert client.get(f"{PATH}/{asset}/content").content == CONTENT
