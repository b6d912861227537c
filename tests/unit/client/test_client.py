"""The blocking client works from any thread, beside any event loop, and ends cleanly."""

import asyncio
import gc
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import genmux
from genmux import Client
from genmux.client.loop import LoopThread
from genmux.types.errors import ConfigurationError, RequestCancelledError, ValidationError
from genmux.types.events import Event
from genmux.types.parts import TextDelta
from tests.fake_transport import Played
from tests.unit.flows.call.house import answer, app, said, streamed, total


def running() -> list[threading.Thread]:
    """The threads of blocking clients that were started in this test."""
    return [thread for thread in threading.enumerate() if thread.name == "genmux" and thread not in _BEFORE]


_BEFORE: set[threading.Thread] = set()


@pytest.fixture(autouse=True)
def only_threads_of_this_test() -> None:
    _BEFORE.update(threading.enumerate())


def test_a_prompt_is_answered() -> None:
    with Client() as client:
        assert client.chat("hello", model="mock/echo").text == "hello"
    assert running() == []


def test_every_call_of_the_asynchronous_client_is_there() -> None:
    with Client(model="mock/priced") as client:
        assert client.chat("hi").text == "hi"
        assert "".join(client.stream("one two").text()) == "one two"
        assert client.embed("a", model="mock/embed", dimensions=4).vectors
        assert client.estimate("hi", max_tokens=5).high
        assert client.estimate_embed("hi", model="mock/embed").high == 0
        assert client.count_tokens("hi").tokens > 0
        assert client.validate("hi") == ()
        assert client.validate_config() == ()
        assert client.health("mock").status == "available"
        assert client.totals()["mock/priced"].calls == 2
        assert {provider.id for provider in client.providers()} >= {"mock"}
        assert client.models(provider="mock", features=["tools"])
        with pytest.raises(ValidationError, match="`temperature` is 9"):
            client.validate("hi", temperature=9)


def test_32_threads_may_share_a_client() -> None:
    start = threading.Barrier(32)

    def work(client: Client, number: int) -> list[str]:
        start.wait()
        answers = [client.chat(f"{number}.{turn}").text for turn in range(5)]
        with client.stream(f"{number} streams") as stream:
            return [*answers, "".join(stream.text())]

    with Client(model="mock/echo") as client, ThreadPoolExecutor(32) as pool:
        events: list[Event] = []
        client.on_event(events.append, "generation.completed")
        results = [*pool.map(lambda number: work(client, number), range(32))]
        calls = client.totals()["mock/echo"].calls

    assert results == [[*(f"{n}.{turn}" for turn in range(5)), f"{n} streams"] for n in range(32)]
    assert calls == len(events) == 32 * 6
    assert len({event.subject for event in events}) == 32 * 6


def test_a_stream_goes_on_where_a_loop_left_off() -> None:
    with Client(model="mock/echo") as client, client.stream("one two three") as stream:
        for part in stream:
            if isinstance(part, TextDelta):
                break
        rest = [part.text for part in stream if isinstance(part, TextDelta)]
        assert rest == [" two", " three"]
        assert stream.result().text == "one two three"
        assert [*stream] == []


def test_a_stream_that_is_left_early_is_closed_and_booked() -> None:
    house, transport = app(streamed(said("hel"), asyncio.Event()))
    with Client(app=house, model="acme/one") as client:
        with client.stream("hi") as stream:
            for text in stream.text():
                assert text == "hel"
                break
        assert transport.replies[0].closed
        assert total(house)[:2] == (1, 0)
        stream.close()


def test_structured_output_of_a_stream_is_read_at_its_end() -> None:
    with Client(model="mock/json") as client, client.stream("x", output=list[int]) as stream:
        assert stream.result().parsed is None
        for _ in stream:
            pass
        assert isinstance(stream.result().parsed, list)


async def test_it_may_be_used_where_a_loop_runs_already() -> None:
    with Client(model="mock/echo") as client:
        assert client.chat("hi").text == "hi"
        assert "".join(client.stream("hi").text()) == "hi"


def test_an_event_handler_that_would_wait_for_itself_is_told() -> None:
    told: list[str] = []
    with Client(model="mock/echo") as client:

        def handler(_event: Event) -> None:
            for call in (lambda: client.chat("again"), client.close):
                with pytest.raises(ConfigurationError, match="this would wait for itself") as caught:
                    call()
                told.append(caught.value.message)

        client.on_event(handler, "generation.completed")
        assert client.chat("hi").text == "hi"
        assert len(told) == 2


def test_a_closed_client_says_so() -> None:
    client = Client(model="mock/echo")
    client.chat("hi")

    client.close()
    client.close()

    for call in (
        client.chat,
        client.stream,
        client.embed,
        client.count_tokens,
        client.health,
        client.estimate,
        client.validate,
    ):
        with pytest.raises(ConfigurationError, match="this client is closed; make a new one"):
            call("mock")
    assert running() == []


def test_a_client_that_was_never_used_has_nothing_to_close() -> None:
    client = Client()
    client.close()

    assert running() == []
    with pytest.raises(ConfigurationError):
        client.chat("hi", model="mock/echo")


def test_closing_ends_what_other_threads_wait_for() -> None:
    house, transport = app(Played(asyncio.Event()))
    client = Client(app=house, model="acme/one")
    asked = threading.Event()
    house.events.subscribe(lambda _event: asked.set())

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.chat, "hi")
        asked.wait()
        client.close()
        with pytest.raises(RequestCancelledError, match="the client was closed in the meantime"):
            waiting.result(10)

    assert (transport.closed, transport.left) == (0, 1)  # the App is somebody else's
    assert running() == []


def test_an_owned_app_is_closed_with_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(model="mock/echo")
    client.chat("hi")
    closed: list[bool] = []
    original = client.app.engine.aclose

    async def aclose() -> None:
        closed.append(True)
        await original()

    monkeypatch.setattr(client.app.engine, "aclose", aclose)
    client.close()

    assert closed == [True]


def test_a_client_that_nobody_closed_ends_with_the_last_reference() -> None:
    client = Client(model="mock/echo")
    client.chat("hi")
    gone = weakref.ref(client)

    del client
    gc.collect()

    assert gone() is None
    assert running() == []


def test_a_client_may_end_on_its_own_thread() -> None:
    client: Any = Client(model="mock/echo")
    thread = client._loop  # noqa: SLF001
    kept = {"client": client}

    def drop(_event: Event) -> None:
        kept.clear()

    client.on_event(drop, "generation.completed")
    served = client._loop._submit(client._client.chat("hi"))  # noqa: SLF001
    ended = thread._thread  # noqa: SLF001
    del client
    assert served.result(10).text == "hi"
    del served
    gc.collect()
    ended.join(10)

    assert not ended.is_alive()


def test_an_interrupted_wait_cancels_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    house, _ = app(Played(asyncio.Event()))
    heard: list[Event] = []
    cancelled = threading.Event()
    house.events.subscribe(heard.append)
    house.events.subscribe(lambda _event: cancelled.set(), "generation.cancelled")
    with Client(app=house, model="acme/one") as client:
        submit = client._loop._submit  # noqa: SLF001

        def interrupted(work: Any) -> Any:
            future = submit(work)
            monkeypatch.setattr(future, "result", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
            return future

        monkeypatch.setattr(client._loop, "_submit", interrupted)  # noqa: SLF001
        with pytest.raises(KeyboardInterrupt):
            client.chat("hi")
        monkeypatch.undo()
        client.chat("hi", model="mock/echo")  # by now the loop has seen it
    assert heard == [] or cancelled.wait(10)


def test_after_a_fork_the_child_has_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(model="mock/echo")
    client.chat("hi")
    (first,) = running()
    left = client._loop._loop  # noqa: SLF001

    monkeypatch.setattr(os, "getpid", lambda: -1)  # as in a forked child, which has none of its parent's threads
    assert client.chat("hi").text == "hi"
    assert client._loop._thread is not first  # noqa: SLF001
    client.close()
    monkeypatch.undo()

    assert left is not None
    left.call_soon_threadsafe(left.stop)
    first.join()
    assert running() == []


def test_a_forked_child_has_nothing_to_close(monkeypatch: pytest.MonkeyPatch) -> None:
    thread = LoopThread()
    monkeypatch.setattr(os, "getpid", lambda: -1)

    async def never() -> None:
        raise AssertionError

    thread.close(never)

    assert running() == []


def test_a_farewell_that_fails_ends_the_thread_all_the_same() -> None:
    thread = LoopThread()

    async def work() -> int:
        return 7

    async def fails() -> None:
        message = "no goodbye"
        raise ValueError(message)

    assert thread.run(work()) == 7
    thread.close(fails)

    assert running() == []


def test_clients_may_share_an_app() -> None:
    house, _ = app(answer())
    with Client(app=house, model="acme/one") as first, Client(app=house, model="acme/one") as second:
        assert first.chat("hi").text == second.chat("hi").text == "hello"
        assert total(house)[0] == 2
    assert genmux.Client is Client
