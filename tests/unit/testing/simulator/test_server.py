import asyncio
import math
from collections.abc import Callable

import aiohttp
import msgspec
import pytest

from genmux.contract.local import Pause
from genmux.providers.mock.script import Fault, Reply, Rule, Script, When
from genmux.testing.simulator import FAULTS, Simulator, run
from genmux.testing.simulator.connection import WAITING_REQUESTS
from genmux.testing.simulator.steps import Steps
from genmux.types.errors import ConfigurationError
from tests.unit.testing.simulator.raw import PROMPT, ask, exchange, send

BODY = msgspec.json.encode({"model": "mock/echo", "messages": [{"role": "user", "content": "hi"}]})
POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n" % len(BODY)


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("stream", [False, True])
async def test_both_dialects_answer_whole_and_streamed(simulator: Simulator, dialect: str, *, stream: bool) -> None:
    got = await ask(simulator, dialect, stream=stream)
    assert (got.status, got.text, got.end) == (200, PROMPT, "eof")
    assert simulator.requests[-1].outcome == "answered"
    assert simulator.asked[-1].request.messages[0].text == PROMPT


async def test_requests_are_recorded_with_headers_and_body(simulator: Simulator) -> None:
    await ask(simulator, headers={"authorization": "Bearer sk-secret", "x-trace": "7"})
    seen = simulator.requests[0]
    assert (seen.number, seen.method, seen.path) == (1, "POST", "/v1/chat/completions")
    assert seen.headers["x-trace"] == "7"
    assert seen.json()["model"] == "mock/echo"


async def test_recorded_requests_are_served_without_secrets_and_can_be_forgotten(simulator: Simulator) -> None:
    await ask(simulator, headers={"authorization": "Bearer sk-secret"})
    listed = await send(simulator, "GET", "/mock/requests")
    assert b"sk-secret" not in listed.raw
    assert listed.json[0]["headers"]["authorization"] == "***"
    assert listed.json[0]["body"]["messages"][0]["content"] == PROMPT
    assert (await send(simulator, "DELETE", "/mock/requests")).json == {}
    assert simulator.asked == ()
    assert len(simulator.requests) <= 1


async def test_a_key_can_be_demanded() -> None:
    async with Simulator(key="sk-right") as simulator:
        assert (await ask(simulator)).status == 401
        assert "is missing" in (await ask(simulator)).json["error"]["message"]
        assert (await ask(simulator, headers={"authorization": "Bearer sk-wrong"})).status == 401
        assert (await ask(simulator, "anthropic", headers={"x-api-key": "sk-wrong"})).json["type"] == "error"
        assert (await ask(simulator, headers={"authorization": "Bearer sk-right"})).status == 200
        assert (await ask(simulator, "anthropic", headers={"x-api-key": "sk-right"})).status == 200
        assert (await send(simulator, "GET", "/mock/requests")).status == 401


async def test_a_script_is_played_with_faults_that_heal() -> None:
    script = Script(
        rules=(
            Rule(when=When(model="gpt-x"), fault=Fault(name="rate_limit", retry_after=0), times=2),
            Rule(when=When(model="gpt-x"), reply=Reply(text="at last")),
            Rule(when=When(contains="quiet"), fault="no_reply"),
        )
    )
    async with Simulator(script=script) as simulator:
        statuses = [(await ask(simulator, model="gpt-x")).status for _ in range(3)]
        assert statuses == [429, 429, 200]
        assert (await ask(simulator, model="gpt-x")).text == "at last"
        assert (await ask(simulator, prompt="be quiet", patience=0.2)).end == "silence"


async def test_a_script_may_choose_the_status_of_an_error() -> None:
    script = Script(rules=(Rule(fault=Fault(name="overloaded", status=529, message="full house")),))
    async with Simulator(script=script) as simulator:
        got = await ask(simulator)
        assert (got.status, got.json["error"]["message"]) == (529, "full house")


async def test_any_name_of_a_model_is_answered_like_echo_and_said_back(simulator: Simulator) -> None:
    got = await ask(simulator, model="whatever-7b")
    assert (got.text, got.json["model"]) == (PROMPT, "whatever-7b")


async def test_more_names_of_models_than_are_remembered_are_answered_all_the_same(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.testing.simulator.service.MODELS_KEPT", 1)
    assert [(await ask(simulator, model=name)).text for name in ("a", "b", "c")] == [PROMPT] * 3


@pytest.mark.parametrize("prefix", ["", "/v1", "/openai/v1", "/api/v1"])
async def test_every_base_path_is_served(simulator: Simulator, prefix: str) -> None:
    assert (await send(simulator, "POST", f"{prefix}/chat/completions", BODY)).status == 200


async def test_models_are_listed_in_the_form_of_the_client(simulator: Simulator) -> None:
    openai = (await send(simulator, "GET", "/v1/models")).json
    anthropic = (await send(simulator, "GET", "/v1/models", headers={"anthropic-version": "2023-06-01"})).json
    assert {"id": "mock/echo", "object": "model", "created": 0, "owned_by": "genmux"} in openai["data"]
    assert anthropic["data"][0]["type"] == "model"
    assert anthropic["first_id"] == "mock/echo"


async def test_tokens_are_counted(simulator: Simulator) -> None:
    body = msgspec.json.encode({"model": "mock/echo", "messages": [{"role": "user", "content": "x" * 40}]})
    got = await send(simulator, "POST", "/v1/messages/count_tokens", body)
    assert got.json == {"input_tokens": 13}
    assert (await send(simulator, "POST", "/fault/status_500/v1/messages/count_tokens", body)).status == 500


async def test_embeddings_are_vectors_of_the_wished_length(simulator: Simulator) -> None:
    body = msgspec.json.encode({"model": "mock/embed", "input": ["a cat", "a dog"], "dimensions": 8})
    got = (await send(simulator, "POST", "/v1/embeddings", body)).json
    assert [len(one["embedding"]) for one in got["data"]] == [8, 8]
    assert math.isclose(math.hypot(*got["data"][0]["embedding"]), 1, rel_tol=1e-6)
    assert (await send(simulator, "POST", "/fault/rate-limit/v1/embeddings", body)).status == 429
    assert (await send(simulator, "POST", "/fault/html_502/v1/embeddings", body)).status == 502
    failing = msgspec.json.encode({"model": "mock/fault-server", "input": "x"})
    assert (await send(simulator, "POST", "/v1/embeddings", failing)).status >= 500
    assert (await send(simulator, "POST", "/v1/embeddings", b'{"model": "m"}')).status == 400


async def test_pages_tell_what_there_is(simulator: Simulator) -> None:
    assert b"mock/echo" in (await send(simulator, "GET", "/")).body
    assert (await send(simulator, "GET", "/healthz")).json == {"status": "ok"}
    assert (await send(simulator, "GET", "/mock/faults")).json == FAULTS


async def test_what_is_not_there_is_told_with_what_is(simulator: Simulator) -> None:
    missing = await send(simulator, "GET", "/v1/nothing")
    assert missing.status == 404
    assert "there is nothing at /v1/nothing" in missing.json["error"]["message"]
    wrong = await send(simulator, "GET", "/v1/chat/completions")
    assert "is served with POST, not GET" in wrong.json["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"model": 7}', b'{"model":"mock/echo","messages":"\xff"}'])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_a_body_that_is_not_understood_is_refused(simulator: Simulator, body: bytes, path: str) -> None:
    got = await send(simulator, "POST", path, body)
    assert got.status == 400
    assert got.json["error"]["message"]


async def test_what_is_no_http_is_refused(simulator: Simulator) -> None:
    got = await exchange(simulator, b"hello\r\n\r\n")
    assert got.status == 400
    assert got.header("connection") == "close"


async def test_connections_are_kept_and_requests_may_be_sent_ahead(simulator: Simulator) -> None:
    many = WAITING_REQUESTS * 3
    slow = b"x-mock-fault: latency=0.01\r\n"
    got = await exchange(simulator, (POST + slow + b"\r\n" + BODY) * many + POST + b"connection: close\r\n\r\n" + BODY)
    assert got.raw.count(b"HTTP/1.1 200 OK") == many + 1
    assert simulator.accepted_connections == 1
    assert {seen.outcome for seen in simulator.requests} == {"answered"}


async def test_a_client_that_waits_for_leave_gets_it(simulator: Simulator) -> None:
    got = await exchange(simulator, POST + b"expect: 100-continue\r\nconnection: close\r\n\r\n", patience=0.5)
    assert got.raw == b"HTTP/1.1 100 Continue\r\n\r\n"


async def test_an_armed_fault_strikes_the_next_connections_only(simulator: Simulator) -> None:
    simulator.arm("accept_reset")
    simulator.arm("accept_fin", connections=2)
    ends = [(await ask(simulator)).end for _ in range(3)]
    assert ends == ["reset", "eof", "eof"]
    assert simulator.requests == ()
    assert (await ask(simulator)).status == 200
    with pytest.raises(ConfigurationError, match="'half_chunk' cannot strike a connection; accept_fin"):
        simulator.arm("half_chunk")


async def test_a_fault_in_the_path_may_have_options(simulator: Simulator) -> None:
    assert simulator.fault_url("rate_limit") == f"{simulator.base_url}/fault/rate_limit"
    got = await send(simulator, "POST", "/fault/rate_limit,retry_after=4/v1/chat/completions", BODY)
    assert (got.status, got.header("retry-after")) == (429, "4")
    got = await send(simulator, "POST", "/fault/fin_before_body/v1/chat/completions", BODY)
    assert got.raw == b""


async def test_latency_and_pace_take_their_time() -> None:
    async with Simulator(latency=0.05, pace=0.01) as simulator:
        loop = asyncio.get_running_loop()
        for stream in (False, True):
            begun = loop.time()
            await ask(simulator, stream=stream)
            assert loop.time() - begun >= 0.05 + 6 * 0.01 - 0.005


async def test_a_client_that_leaves_is_noticed(simulator: Simulator) -> None:
    async with aiohttp.ClientSession() as session:
        prompt = {"role": "user", "content": f"{PROMPT} [mock pace=10]"}
        body = {"model": "mock/echo", "stream": True, "messages": [prompt]}
        reply = await session.post(f"{simulator.base_url}/v1/chat/completions", json=body)
        await reply.content.readany()
        reply.close()
        await simulator.until(lambda: simulator.disconnects == 1)
        assert simulator.requests[0].outcome == "disconnected"
        await simulator.until(lambda: simulator.open_connections == 0)


async def test_all_that_a_client_left_behind_is_noticed(simulator: Simulator) -> None:
    silent = POST + b"x-mock-fault: latency=10\r\n\r\n" + BODY
    await exchange(simulator, silent * 2 + POST + b"\r\nhalf a bo", patience=0.3)
    await simulator.until(lambda: simulator.disconnects == 1)
    assert [seen.outcome for seen in simulator.requests] == ["disconnected"] * 3


async def test_a_client_that_reads_slowly_holds_the_server_back(simulator: Simulator) -> None:
    host, port = simulator.base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(b"GET /fault/endless_body/v1/models HTTP/1.1\r\n\r\n")
    total = 0
    while total < 20_000_000:
        total += len(await reader.read(1 << 20))
    assert simulator.open_connections == 1
    writer.close()
    await simulator.until(lambda: simulator.open_connections == 0)
    assert simulator.disconnects == 1


def _broken_at_once(*_: object) -> Steps:
    raise RuntimeError("a mistake in the simulator")


def _broken_later(*_: object) -> Steps:
    yield Pause(0)
    raise RuntimeError("a mistake in the simulator")


@pytest.mark.parametrize("broken", [_broken_at_once, _broken_later])
async def test_a_mistake_of_its_own_does_not_leave_the_client_waiting(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, broken: Callable[..., Steps]
) -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    monkeypatch.setattr("genmux.testing.simulator.service.play", broken)
    got = await send(simulator, "GET", "/v1/models")
    assert (got.raw, got.end) == (b"", "eof")
    assert "a mistake in the simulator" in str(reported[0]["exception"])


async def test_serving_ends_when_it_is_cancelled() -> None:
    simulator = Simulator()
    serving = asyncio.create_task(simulator.serve_forever())
    await simulator.until(lambda: not simulator.base_url.endswith(":0"))
    assert (await send(simulator, "GET", "/healthz")).status == 200
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    with pytest.raises(OSError, match="Connect call failed"):
        await send(simulator, "GET", "/healthz")


def test_the_command_tells_where_it_listens_and_ends_on_interrupt() -> None:
    told: list[str] = []

    def interrupt(url: str) -> None:
        told.append(url)
        raise KeyboardInterrupt

    run(port=0, started=interrupt)
    assert told[0].startswith("http://127.0.0.1:")


def test_the_command_leaves_to_the_script_what_it_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Simulator] = []

    async def look(simulator: Simulator, _started: object) -> None:
        made.append(simulator)
        async with simulator:
            begun = asyncio.get_running_loop().time()
            await ask(simulator)
            assert asyncio.get_running_loop().time() - begun >= 0.05

    monkeypatch.setattr("genmux.testing.simulator.simulator._serve", look)
    run(port=0, script=Script(latency=0.05))
    assert made[0].requests[0].outcome == "answered"


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with Simulator() as first:
        port = int(first.base_url.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match="cannot listen on"):
            await Simulator(port=port).start()


async def test_closing_hangs_up_and_may_be_repeated() -> None:
    simulator = Simulator()
    await simulator.start()
    asking = asyncio.create_task(ask(simulator, fault="no_reply"))
    await simulator.until(lambda: len(simulator.requests) == 1)
    await simulator.aclose()
    assert (await asking).raw == b""
    await simulator.aclose()
    assert simulator.disconnects == 0


async def test_waiting_for_what_never_happens_ends(simulator: Simulator) -> None:
    with pytest.raises(TimeoutError):
        await simulator.until(lambda: False, timeout=0.01)
