import json
from pathlib import Path

import pytest

from tests import recordings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    recordings.index.cache_clear()
    monkeypatch.setattr(recordings, "RECORDINGS", tmp_path)
    monkeypatch.setattr(recordings, "recordings_available", True)
    yield tmp_path
    recordings.index.cache_clear()


def record(folder: Path, file: str, exchanges: list[dict], **entry) -> None:
    place = folder / file
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({"exchanges": exchanges}))
    listed = folder / "index.json"
    entries = json.loads(listed.read_text()) if listed.exists() else []
    known = {"file": file, "provider": "acme", "capability": "text", "api": "openai-chat", "features": []}
    listed.write_text(json.dumps([*entries, known | entry]))


REPLY = {"status": 200, "headers": {}, "json": {"a": 1}}


def test_without_recordings_there_are_no_exchanges(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recordings, "recordings_available", False)
    assert list(recordings.exchanges()) == []
    assert not list(folder.iterdir())


def test_an_exchange_of_its_own_api_is_found_under_that_api(folder: Path):
    own = {"provider": "other", "api": "files", "request": None, "response": REPLY}
    plain = {"request": None, "response": REPLY}
    record(folder, "acme/text/a.json", [plain, own], features=["mixed-providers"])
    assert [(found.index, found.provider) for found in recordings.exchanges(api="files")] == [(1, "other")]
    assert [(found.index, found.provider) for found in recordings.exchanges(api="openai-chat")] == [(0, "acme")]
    assert [found.id for found in recordings.exchanges(provider="other")] == ["acme/text/a.json#1"]


def test_a_hint_tells_the_path_where_the_request_was_not_kept(folder: Path):
    hint = {"host": "api.acme.example", "path": "/v1/images"}
    record(folder, "acme/image/a.json", [{"request": None, "request_hint": hint, "response": REPLY}])
    [found] = recordings.exchanges()
    assert found.path == "/v1/images"
    assert found.request_body == b""
    assert found.response_body == b'{"a":1}'


def test_websocket_sessions_are_conversations_and_no_exchanges(folder: Path):
    frames = [{"direction": "sent", "text": "hello"}, {"kind": "close"}]
    record(folder, "acme/realtime/a.json", [{"websocket": {"url": None}, "frames": frames}], api="realtime")
    assert list(recordings.exchanges()) == []
    assert [found.frames for found in recordings.conversations(api="realtime")] == [tuple(frames)]


@pytest.mark.parametrize(
    ("message", "body"),
    [
        ({"json": None}, b"null"),
        ({"sse": "data: 1\n\n"}, b"data: 1\n\n"),
        ({"text": "{}\n{}"}, b"{}\n{}"),
        ({"body_b64": "AAE="}, b"\x00\x01"),
        ({"chunks": [1]}, b""),
    ],
)
def test_a_body_is_read_from_whatever_was_kept(message: recordings.Message, body: bytes):
    assert recordings.body_of(message) == body


@recordings.needs_recordings
def test_the_recordings_are_found_and_complete():
    found = list(recordings.exchanges(api="anthropic-messages"))
    assert len(found) > 300
    assert all(exchange.api == "anthropic-messages" for exchange in found)
    assert list(recordings.conversations(api="realtime"))
