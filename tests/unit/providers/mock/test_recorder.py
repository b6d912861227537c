import pytest

from genmux.providers.mock import engine, recorder
from genmux.providers.mock.engine import MockEngine
from genmux.providers.mock.recorder import Recorder
from genmux.testing import forget_mock_requests, mock_requests
from genmux.types.embed import EmbedRequest
from tests.unit.providers.mock.asking import load, played, said


def test_every_request_is_recorded_even_one_that_fails() -> None:
    own = MockEngine()
    model = load(engine=own)
    failing = said("[mock fault=server]")
    for request in (said("one"), failing):
        played(model.run(request))
    [*load("embed", engine=own).run(EmbedRequest(model="embed", inputs=("x",)))]
    assert [(one.number, one.model) for one in own.recorder.requests] == [(1, "echo"), (2, "echo"), (3, "embed")]
    assert own.recorder.requests[1].request is failing


def test_the_recorder_keeps_only_the_last_ones() -> None:
    recorder = Recorder(limit=2, clock=lambda: 5.0)
    for text in ("a", "b", "c"):
        recorder.note("echo", said(text))
    assert [one.number for one in recorder.requests] == [2, 3]
    assert {one.at for one in recorder.requests} == {5.0}
    recorder.clear()
    assert recorder.requests == ()
    assert recorder.note("echo", said("d")) == 4


def test_the_requests_of_the_process_can_be_looked_at() -> None:
    forget_mock_requests()
    request = said("look at me")
    [*load(engine=engine).run(request)]
    assert [one.request for one in mock_requests()] == [request]
    forget_mock_requests()
    assert mock_requests() == ()


def test_what_is_kept_has_a_size_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_BYTES", 1_000)
    kept = Recorder()
    for number in range(20):
        kept.note("echo", EmbedRequest(model=f"mock/{number}", inputs=("x" * 200,)))
    assert 0 < len(kept.requests) < 5
    assert kept.requests[-1].number == 20
    kept.clear()
    kept.note("echo", EmbedRequest(model="mock/embed", inputs=("x" * 5_000,)))
    assert kept.requests == ()
