"""Every door of a real gateway, with a budget that is spent and with one that is not, asked with the official SDKs."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import anthropic
import msgspec
import openai
import pytest

from genmux.services.settings import Settings, StoreSettings
from genmux.testing.pytest_plugin import simulating
from genmux.types.money import Price
from tests.e2e.conftest import RunningGateway, behind, running
from tests.e2e.native import Api

ROOT = "the-root-key-of-this-test"
HELLO: Any = [{"role": "user", "content": "hello"}]
PRICES = tuple(Price(meter=f"tokens.{way}", amount=Decimal(1), per=1_000_000) for way in ("input", "output"))
PRICED = ("openai/gpt-5.4", "anthropic/claude-sonnet-5", "mock/priced")
"""A provider of each dialect, and a model inside genmux: bytes pass to one of them, for the other two they are translated."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("budgets")
    with simulating() as simulator:
        settings: Settings = msgspec.structs.replace(
            behind(simulator, keys=(ROOT,)),
            store=StoreSettings(url=str(folder / "genmux.db")),
            prices=dict.fromkeys((*PRICED, "mock/embed"), PRICES),
        )
        with running(settings, {"XDG_DATA_HOME": str(folder)}) as serving:
            yield serving


@pytest.fixture(scope="module")
def root(gateway: RunningGateway) -> Api:
    return Api(gateway.url, ROOT)


def key_with(root: Api, limit: str | None = None, **wish: Any) -> tuple[str, int | None]:
    """A new key, and the id of its budget for all time."""
    issued = root.good("POST", "/keys", {"name": "of a test", **wish})
    if limit is None:
        return issued["text"], None
    scope = {"kind": "key", "id": issued["key"]["id"]}
    made = root.good("POST", "/budgets", {"scope": scope, "limit": limit, "period": "total"})
    return issued["text"], made["id"]


def openai_client(gateway: RunningGateway, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key)


def anthropic_client(gateway: RunningGateway, key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=gateway.url, api_key=key)


def chat(gateway: RunningGateway, key: str, model: str) -> Any:
    with openai_client(gateway, key) as client:
        return client.chat.completions.create(model=model, messages=HELLO, max_tokens=20)


def chat_streamed(gateway: RunningGateway, key: str, model: str) -> Any:
    with openai_client(gateway, key) as client:
        return [*client.chat.completions.create(model=model, messages=HELLO, max_tokens=20, stream=True)]


def message(gateway: RunningGateway, key: str, model: str) -> Any:
    with anthropic_client(gateway, key) as client:
        return client.messages.create(model=model, messages=HELLO, max_tokens=20)


def message_streamed(gateway: RunningGateway, key: str, model: str) -> Any:
    with anthropic_client(gateway, key) as client:
        return [*client.messages.create(model=model, messages=HELLO, max_tokens=20, stream=True)]


def embedding(gateway: RunningGateway, key: str, model: str) -> Any:
    with openai_client(gateway, key) as client:
        return client.embeddings.create(model=model, input="hello")


Ask = Callable[[RunningGateway, str, str], Any]
DOORS: list[tuple[Ask, str]] = [
    (ask, model) for ask in (chat, chat_streamed, message, message_streamed) for model in PRICED
] + [(embedding, "mock/embed")]
NAMES = [f"{ask.__name__} {model}" for ask, model in DOORS]


@pytest.mark.parametrize(("ask", "model"), DOORS, ids=NAMES)
def test_a_spent_budget_refuses_at_every_door_with_402_in_the_callers_dialect(
    gateway: RunningGateway, root: Api, ask: Ask, model: str
) -> None:
    key, _ = key_with(root, "0")
    with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as caught:
        ask(gateway, key, model)

    error: Any = caught.value
    assert error.status_code == 402
    assert error.response.headers["x-should-retry"] == "false"
    told = error.response.json()["error"]
    if isinstance(error, openai.APIStatusError):
        assert (told["type"], told["code"]) == ("insufficient_quota", "budget_exceeded")
    else:
        assert told["type"] == "billing_error"
    assert "budget" in told["message"]


@pytest.mark.parametrize(("ask", "model"), DOORS, ids=NAMES)
def test_at_every_door_exactly_what_it_did_cost_is_booked(
    gateway: RunningGateway, root: Api, ask: Ask, model: str
) -> None:
    key, budget = key_with(root, "1")
    ask(gateway, key, model)

    gateway.flush()
    state = root.good("GET", f"/budgets/{budget}")
    [row] = root.good("GET", f"/usage/records?key={state['scope']['id']}")["data"]
    assert Decimal(str(state["held"])) == 0
    assert Decimal(str(state["spent"])) == Decimal(str(row["cost"])) > 0
    assert row["cost_source"] == "computed"


@pytest.mark.parametrize("model", PRICED)
def test_a_whole_answer_tells_what_it_did_cost(gateway: RunningGateway, root: Api, model: str) -> None:
    key, _ = key_with(root)
    with openai_client(gateway, key) as client:
        reply = client.chat.completions.with_raw_response.create(model=model, messages=HELLO, max_tokens=20)
    assert Decimal(reply.headers["x-genmux-cost"]) > 0


def test_counting_tokens_costs_nothing_and_goes_on(gateway: RunningGateway, root: Api) -> None:
    key, _ = key_with(root, "0")
    with anthropic_client(gateway, key) as client:
        counted = client.messages.count_tokens(model="anthropic/claude-sonnet-5", messages=HELLO)
    assert counted.input_tokens > 0


@pytest.mark.parametrize("ask", [chat, chat_streamed, message, message_streamed])
def test_a_rate_limit_refuses_with_429_and_says_when(gateway: RunningGateway, root: Api, ask: Ask) -> None:
    key, _ = key_with(root, limits=[{"kind": "requests", "amount": 1, "per": "day"}])
    raw: Any = (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0)
        if ask in (chat, chat_streamed)
        else anthropic.Anthropic(base_url=gateway.url, api_key=key, max_retries=0)
    )
    ask(gateway, key, "mock/priced")
    streamed = ask in (chat_streamed, message_streamed)
    create = raw.chat.completions.create if isinstance(raw, openai.OpenAI) else raw.messages.create
    with raw, pytest.raises((openai.RateLimitError, anthropic.RateLimitError)) as caught:
        create(model="mock/priced", messages=HELLO, max_tokens=20, stream=streamed)

    error: Any = caught.value
    assert error.status_code == 429
    assert int(error.response.headers["retry-after"]) > 60


def test_a_stream_that_its_caller_leaves_is_settled_on_what_was_streamed(gateway: RunningGateway, root: Api) -> None:
    key, budget = key_with(root, "1")
    with openai_client(gateway, key) as client:
        stream = client.chat.completions.create(model="mock/priced", messages=HELLO, max_tokens=20, stream=True)
        next(iter(stream))
        stream.close()

    gateway.settled()
    state = root.good("GET", f"/budgets/{budget}")
    assert Decimal(str(state["held"])) == 0
    assert Decimal(str(state["spent"])) > 0


def test_the_budget_of_a_team_and_of_an_end_user_hold_too(gateway: RunningGateway, root: Api) -> None:
    team = root.good("POST", "/teams", {"name": "red"})["id"]
    key, _ = key_with(root, team=team)
    with openai_client(gateway, key) as client:
        asked = {"model": "mock/priced", "messages": HELLO, "max_tokens": 5}
        client.chat.completions.create(**asked, user="ann")
        root.good("POST", "/budgets", {"scope": {"kind": "end_user", "id": "ann"}, "limit": "0", "period": "day"})
        with pytest.raises(openai.APIStatusError, match="ann"):
            client.chat.completions.create(**asked, user="ann")
        client.chat.completions.create(**asked, user="bob")
        root.good("POST", "/budgets", {"scope": {"kind": "team", "id": team}, "limit": "0", "period": "month"})
        with pytest.raises(openai.APIStatusError) as caught:
            client.chat.completions.create(**asked, user="bob")
    assert caught.value.status_code == 402


def test_nothing_is_lost_and_nothing_invented_over_all_of_it(gateway: RunningGateway, root: Api) -> None:
    gateway.flush()
    assert root.good("POST", "/budgets/verify")["data"] == []
