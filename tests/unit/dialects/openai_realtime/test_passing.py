"""Frames of sound that go on as they are."""

import base64
import json

import msgspec
import pytest

from genmux.dialects.openai_realtime import OpenAIRealtimeServer
from genmux.dialects.openai_realtime.passing import append_size, passed_delta

SOUND = base64.b64encode(bytes(range(200))).decode()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 959, 960])
@pytest.mark.parametrize("event_id", [None, "event_1"])
@pytest.mark.parametrize("write", [json.dumps, lambda one: msgspec.json.encode(one).decode()], ids=["json", "msgspec"])
def test_a_frame_that_clients_write_goes_on(size: int, event_id: str | None, write: object):
    fields = {"event_id": event_id} if event_id else {}
    sound = base64.b64encode(bytes(size)).decode()
    assert callable(write)
    for frame in (
        write({**fields, "type": "input_audio_buffer.append", "audio": sound}),
        write({"type": "input_audio_buffer.append", **fields, "audio": sound}),
    ):
        assert append_size(frame) == size


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{}",
        '{"type":"input_audio_buffer.append"}',
        '{"type":"input_audio_buffer.append","audio":""}',
        '{"type":"input_audio_buffer.append","audio":"AAA"}',
        '{"type":"input_audio_buffer.append","audio":"AAAA","type":"session.update"}',
        '{"type":"input_audio_buffer.append","audio":"AAAA"} ',
        '{"type":"input_audio_buffer.append","event_id":"a\\"b","audio":"AAAA"}',
        '{"type":"input_audio_buffer.commit"}',
        '{"type":"session.update","audio":"AAAA"}',
    ],
)
def test_all_others_are_read(frame: str):
    assert append_size(frame) is None


def delta(**more: object) -> str:
    told = {"type": "response.output_audio.delta", "event_id": "event_9", "response_id": "resp_1", "item_id": "item_1"}
    return msgspec.json.encode({**told, "output_index": 0, "content_index": 2, **more, "delta": SOUND}).decode()


def test_a_providers_sound_goes_on_with_its_place():
    passed = passed_delta(delta())
    assert passed is not None
    assert (passed.response_id, passed.item_id, passed.content_index, passed.size) == ("resp_1", "item_1", 2, 200)
    assert passed.frame == delta()


def test_what_has_more_in_it_is_read():
    assert passed_delta(delta(obfuscation="x")) is None


def test_sound_that_did_not_go_on_is_read_after_all():
    passed = passed_delta(delta())
    assert passed is not None
    assert OpenAIRealtimeServer().unpassed(passed).data == bytes(range(200))
