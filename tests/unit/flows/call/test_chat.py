"""A call is resolved, checked, sent, decoded, priced, booked and told; whatever goes wrong is one typed error."""

import asyncio
import threading
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from genmux.contract.local import Pause
from genmux.flows.call.options import CallOptions
from genmux.types.chat import ChatRequest, FinishReason
from genmux.types.content import Image, Opaque, Text
from genmux.types.errors import (
    AuthenticationError,
    BudgetExceededError,
    MalformedReplyError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    UnsupportedError,
    ValidationError,
)
from genmux.types.parts import BlockStart, ErrorPart, Finish, Start, TextDelta, UsagePart
from genmux.types.usage import Usage
from tests.fake_transport import Played
from tests.unit.flows.call.house import answer, app, failing, limited, listen, local, request, total

PARTS = (
    Start(id="l1", model="one"),
    BlockStart(0, Text("")),
    TextDelta(0, "hel"),
    TextDelta(0, "lo"),
    UsagePart(Usage(meters={"tokens.input": 100, "tokens.output": 10})),
    Finish(FinishReason("stop")),
)


async def test_an_answer_knows_who_gave_it_what_it_cost_and_how_often_it_was_asked_for() -> None:
    house, transport = app(answer(service_tier="flex"))

    result = await house.calls.chat(request())

    assert (result.text, result.finish.unified) == ("hello", "stop")
    assert (result.provider, result.model, result.attempts, result.request_id) == ("acme", "one-2026", 1, "req-1")
    assert result.cost is not None
    assert (result.cost.amount, result.cost.priced_as) == (Decimal("0.00015"), "acme/one")
    (sent,) = transport.requests
    assert sent.url == "https://api.acme.test/v1/chat/completions"
    assert ("authorization", "Bearer k") in sent.headers
    assert msgspec.json.decode(sent.body or b"")["model"] == "one"
    assert total(house) == (1, 0, Decimal("0.00015"))


async def test_an_unknown_price_is_no_zero() -> None:
    house, _ = app(answer())

    result = await house.calls.chat(request(name="acme/unpriced"))

    assert result.cost is None
    assert house.totals.snapshot()["acme/unpriced"].unpriced == 1


async def test_what_happens_is_told_with_the_tags_of_the_call() -> None:
    house, _ = app(answer())
    heard = listen(house)

    await house.calls.chat(request(), CallOptions(tags={"user": "u1"}))

    assert [event.type for event in heard] == ["generation.started", "generation.completed"]
    started, completed = heard
    assert started.subject == completed.subject
    assert (completed.provider, completed.model) == ("acme", "one")
    assert completed.data == {
        "operation": "chat",
        "tags": {"user": "u1"},
        "usage": {"tokens.input": 100, "tokens.output": 10},
        "cost": "0.0002",
        "attempts": 1,
        "finish": "stop",
        "account": None,
    }


async def test_a_refusal_is_a_typed_error_that_knows_where_it_happened() -> None:
    house, _ = app(failing(429, "slow down"))
    heard = listen(house)

    with pytest.raises(RateLimitError, match="slow down") as caught:
        await house.calls.chat(request(), CallOptions(retries=0))

    error = caught.value
    assert (error.provider, error.model, error.status, error.attempts) == ("acme", "one", 429, 1)
    assert total(house) == (0, 1, 0)
    assert [event.type for event in heard] == ["generation.started", "generation.failed"]
    assert heard[1].data["kind"] == "rate_limit"
    assert heard[1].data["attempts"] == 1


async def test_a_reply_that_cannot_be_read_is_a_typed_error() -> None:
    house, _ = app(Played(b"<html>", headers={"content-type": "application/json"}))

    with pytest.raises(MalformedReplyError) as caught:
        await house.calls.chat(request())

    assert (caught.value.provider, caught.value.model) == ("acme", "one")
    assert total(house) == (0, 1, 0)


async def test_retries_and_time_are_those_of_the_call() -> None:
    house, transport = app(failing(503), answer())
    house.engine._sleep = lambda _seconds: asyncio.sleep(0)  # noqa: SLF001

    result = await house.calls.chat(request(), CallOptions(retries=1, timeout=7))

    assert (result.text, result.attempts) == ("hello", 2)
    assert [timeouts.total for timeouts in transport.timeouts] == [7, 7]
    with pytest.raises(ServerError):
        await app(failing(500), answer())[0].calls.chat(request())
    house, _ = app(failing(500), answer())
    house.engine._sleep = lambda _seconds: asyncio.sleep(0)  # noqa: SLF001
    assert (await house.calls.chat(request(), CallOptions(retry_unsure=True))).attempts == 2


async def test_a_cancelled_call_is_booked_and_told_as_such() -> None:
    never = asyncio.Event()
    house, _ = app(Played(never))
    heard, begun = listen(house), asyncio.Event()
    house.events.subscribe(lambda _event: begun.set())
    task = asyncio.ensure_future(house.calls.chat(request()))
    await begun.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [event.type for event in heard] == ["generation.started", "generation.cancelled"]
    assert total(house) == (0, 1, 0)


async def test_a_fault_of_a_foreign_wire_is_booked_and_told_too() -> None:
    house, _ = app(answer())
    target = house.targets.find("acme/one", "chat", CallOptions())
    broken = msgspec.structs.replace(target, wire=object())
    house.targets.reach = lambda *_: broken  # type: ignore[method-assign]
    heard = listen(house)

    with pytest.raises(AttributeError):
        await house.calls.chat(request())

    assert heard[1].data["kind"] == "unknown"
    assert "AttributeError" in heard[1].data["message"]


async def test_without_a_key_nothing_is_sent() -> None:
    house, transport = app(answer(), providers={})

    with pytest.raises(AuthenticationError, match=r"set \$ACME_KEY"):
        await house.calls.chat(request())
    assert (await house.calls.chat(request(), CallOptions(credential={"api_key": "mine"}))).text == "hello"

    assert len(transport.requests) == 1
    assert ("authorization", "Bearer mine") in transport.requests[0].headers


async def test_another_address_is_used_where_the_call_says_so() -> None:
    house, transport = app(answer())

    await house.calls.chat(request(), CallOptions(base_url="https://mine.test/v2/"))

    assert transport.requests[0].url == "https://mine.test/v2/chat/completions"


# ---- checks


async def test_all_faults_are_told_and_nothing_is_sent() -> None:
    house, transport = app(answer())

    with pytest.raises(ValidationError) as caught:
        await house.calls.chat(request(temperature=9, max_tokens=5_000))

    assert len(caught.value.faults) == 2
    assert transport.requests == []
    assert total(house) == (0, 0, 0)


async def test_without_strictness_what_does_not_fit_is_left_out_with_a_warning() -> None:
    house, transport = app(answer())

    result = await house.calls.chat(request(temperature=9), CallOptions(strict=False))

    assert [(warning.kind, warning.field) for warning in result.warnings] == [("unsupported", "temperature")]
    assert "temperature" not in msgspec.json.decode(transport.requests[0].body or b"")
    clamped = await house.calls.chat(request(temperature=9), CallOptions(strict=False, clamp=True))
    assert clamped.warnings[0].kind == "clamped"
    assert msgspec.json.decode(transport.requests[1].body or b"")["temperature"] == 2


async def test_what_the_question_is_about_is_never_left_out() -> None:
    house, _ = app(answer())

    with pytest.raises(ValidationError, match="needs the feature 'vision'"):
        await house.calls.chat(request(Image(url="https://x.test/a.png"), name="acme/blind"), CallOptions(strict=False))


async def test_a_call_over_its_budget_is_not_sent() -> None:
    house, transport = app(answer())
    heard = listen(house)

    with pytest.raises(
        BudgetExceededError, match=r"the call may cost 0\.\d+ USD, more than its `budget_limit` of 0\.0001"
    ) as caught:
        await house.calls.chat(request(max_tokens=100), limited("0.0001"))

    assert (caught.value.provider, caught.value.model, caught.value.param) == ("acme", "one", "budget_limit")
    assert transport.requests == []
    assert [event.type for event in heard] == ["budget.exceeded"]
    assert heard[0].data["limit"] == "0.0001"
    assert (await house.calls.chat(request(max_tokens=100), limited("1"))).text == "hello"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (request(name="acme/unpriced", max_tokens=5), "the cost cannot be told: unknown the price of acme/unpriced"),
        (request(name="acme/yuan", max_tokens=5), "acme/yuan is priced in CNY"),
        (request(max_tokens=5, extra={"n": 9}), "what `n` in `extra` will cost"),
        (request(max_tokens=5, tools=(Opaque("openai_chat", "web_search", {}),)), "the provider's own tools"),
    ],
)
async def test_under_a_budget_what_cannot_be_foreseen_is_refused(asked: ChatRequest, said: str) -> None:
    house, transport = app(answer())

    with pytest.raises(BudgetExceededError) as caught:
        await house.calls.chat(asked, limited("1000"))

    assert said in caught.value.message
    assert transport.requests == []


async def test_a_budget_holds_for_every_attempt_that_may_be_billed() -> None:
    house, _ = app(answer())
    asked = request(max_tokens=1_000)
    high = house.calls.estimate(asked).high
    assert high is not None

    assert (await house.calls.chat(asked, limited(str(high)))).text == "hello"
    with pytest.raises(BudgetExceededError, match="in 3 attempts"):
        await house.calls.chat(asked, limited(str(high), retry_unsure=True))


async def test_the_price_list_is_read_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    house, _ = app(answer(model="gpt-4o-mini"))
    readers: list[str] = []
    monkeypatch.setattr(house.prices, "prepare", lambda: readers.append(threading.current_thread().name))
    monkeypatch.setattr(house.prices, "rows", lambda *_, **__: None)
    monkeypatch.setattr(house.prices, "cost", lambda *_, **__: None)

    await house.calls.chat(request(name="openai/gpt-4o-mini"), CallOptions(credential={"api_key": "k"}))
    await house.calls.chat(request())

    assert len(readers) == 1
    assert readers[0] != threading.main_thread().name


# ---- embedded engines


async def test_an_embedded_engine_answers_in_place_of_a_wire() -> None:
    house, engine = local(*PARTS)

    result = await house.calls.chat(request(name="inside/one"))

    assert (result.text, result.provider, result.attempts) == ("hello", "inside", 1)
    assert result.cost is not None
    assert result.cost.amount == Decimal("0.0002")
    assert engine.stopped == 1
    await house.aclose()


@pytest.mark.parametrize(
    "failure", [ErrorPart(ProviderError("out of memory", kind="server")), ServerError("out of memory")]
)
async def test_the_error_of_an_embedded_engine_knows_where_it_happened(failure: Any) -> None:
    house, engine = local(*PARTS[:3], failure)

    with pytest.raises(ServerError, match="out of memory") as caught:
        await house.calls.chat(request(name="inside/one"))

    assert (caught.value.provider, caught.value.model) == ("inside", "one")
    assert total(house, "inside/one") == (0, 1, 0)
    assert engine.stopped == 1


async def test_time_runs_out_for_embedded_engines_too() -> None:
    house, engine = local(Pause(3_600))

    with pytest.raises(RequestTimeoutError, match=r"not done within 0\.01 s") as caught:
        await house.calls.chat(request(name="inside/one"), CallOptions(timeout=0.01))

    assert caught.value.retry == "unsure"
    assert engine.stopped == 1


# ---- validate and estimate send nothing


def test_everything_that_is_wrong_is_told_at_once() -> None:
    house, transport = app(answer(), providers={})

    with pytest.raises(ValidationError) as caught:
        house.calls.validate(request(temperature=9, max_tokens=5), limited("0"))

    temperature, key, budget = caught.value.faults
    assert "`temperature` is 9" in temperature
    assert "no api_key for acme" in key
    assert "`budget_limit` of 0" in budget
    assert transport.requests == []


def test_what_is_wrong_for_every_model_is_told_also_for_an_unknown_one() -> None:
    house, _ = app()

    with pytest.raises(ValidationError) as caught:
        house.calls.validate(request(name="acme/none", temperature=9))

    assert len(caught.value.faults) == 2
    assert "acme has no model 'none'" in caught.value.faults[0]


def test_a_request_that_fits_gives_its_warnings() -> None:
    house, transport = app()

    assert house.calls.validate(request()) == ()
    foreign = request(Opaque("anthropic_messages", "server_tool_use", {"a": 1}))
    assert [warning.kind for warning in house.calls.validate(foreign)] == ["unsupported"]
    assert transport.requests == []
    assert local()[0].calls.validate(request(name="inside/one")) == ()


def test_what_a_wire_cannot_write_is_a_fault_too(monkeypatch: pytest.MonkeyPatch) -> None:
    house, _ = app()
    wire = house.targets.find("acme/one", "chat", CallOptions()).wire

    def encode(*_: object, **__: object) -> Any:
        raise UnsupportedError("cannot be written", param="messages")

    monkeypatch.setattr(type(wire), "encode", encode)

    with pytest.raises(ValidationError) as caught:
        house.calls.validate(request())
    assert caught.value.faults == ("cannot be written",)


def test_an_unknown_model_is_told_by_estimates() -> None:
    house, _ = app()

    with pytest.raises(NotFoundError):
        house.calls.estimate(request(name="acme/none"))
