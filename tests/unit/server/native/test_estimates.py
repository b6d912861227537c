"""Estimates and expressions over the native API."""

from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from genmux.app import App
from genmux.server.gateway import Gateway
from genmux.services.estimates import Expression, evaluate
from genmux.services.rates import MemoryRates
from genmux.services.settings import Settings
from genmux.types.keys import Allowance, RateLimit, ScopeRates
from genmux.types.principal import Principal
from tests.unit.server.asgi import Line, piece

VEO = "google/veo-3.1-generate-001"
VIDEO = {"operation": "text_to_video", "model": VEO, "prompt": "A cat", "params": {"duration": 8, "resolution": "4k"}}


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return Gateway(App(Settings(), environ={}))


async def ask(gateway: Gateway, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
    line = Line([piece(b"" if body is None else msgspec.json.encode(body))])
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"x-api-key", b"any")]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "", "scheme": "http",
        "query_string": urlencode(query).encode(), "headers": headers, "server": ("localhost", 80), "client": ("127.0.0.1", 9),
    }  # fmt: skip
    await gateway(scope, line.receive, line.send)
    return line.sent[0]["status"], msgspec.json.decode(line.body)


async def test_a_generation_has_an_estimate(gateway: Gateway) -> None:
    status, made = await ask(gateway, "POST", "/api/v1/estimates", VIDEO)

    assert (status, made["unknown"]) == (200, [])
    assert float(made["low"]) == float(made["high"]) > 0
    assert sum(float(line["amount"]) for line in made["lines"]) == pytest.approx(float(made["high"]))


async def test_a_chat_and_embeddings_have_one_as_ever(gateway: Gateway) -> None:
    chat = {"model": "mock/priced", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    _, made = await ask(gateway, "POST", "/api/v1/estimates", chat)
    _, free = await ask(gateway, "POST", "/api/v1/estimates", {"model": "mock/embed", "input": ["a"]})

    assert float(made["high"]) > 0
    assert float(free["high"]) == 0


async def test_a_form_gets_a_table_that_comes_to_the_same(gateway: Gateway) -> None:
    status, table = await ask(gateway, "GET", "/api/v1/expressions", model=VEO, operation="text_to_video")
    _, made = await ask(gateway, "POST", "/api/v1/estimates", VIDEO)
    expression = msgspec.convert(table, Expression, strict=False)

    assert status == 200
    assert str(evaluate(expression, {"duration": 8, "resolution": "4k"}).high) == made["high"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"operation": "smell"}, 400, "there is no operation 'smell'"),
        ({"operation": 5}, 400, "Expected `str`"),
        ({"params": {"duration": -1}}, 400, "`duration` is -1; the range is 0 to 86400"),
        ({"params": {"duration": 1e308}}, 400, "the range is 0 to 86400"),
        ({"params": {"colour": 1}}, 400, "there is no parameter 'colour'"),
        ({"params": 3}, 400, "Expected `object`"),
        ({"inputs": [{"kind": "x"}]}, 400, "Invalid enum value"),
        ({"model": "nobody/offers-this"}, 404, "nobody"),
        ({"model": "openai/gpt-5.4"}, 400, "cannot text_to_video"),
        ({"colour": "red"}, 400, "there is no field 'colour'"),
    ],
)
async def test_what_is_wrong_is_refused_in_words(
    gateway: Gateway, change: dict[str, Any], status: int, said: str
) -> None:
    found, fault = await ask(gateway, "POST", "/api/v1/estimates", {**VIDEO, **change})

    assert (found, said in fault["message"]) == (status, True), fault


async def test_the_document_describes_both(gateway: Gateway) -> None:
    _, document = await ask(gateway, "GET", "/api/openapi.json")
    body = document["paths"]["/api/v1/estimates"]["post"]["requestBody"]["content"]["application/json"]

    assert {"operation", "inputs", "params", "messages"} <= body["schema"]["properties"].keys()
    assert "/api/v1/expressions" in document["paths"]


CHAT = {"model": "mock/priced", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}


class Narrow:
    """A key that may use one model, once a minute."""

    demands = True

    def __init__(self, **allow: Any) -> None:
        limits = (RateLimit(kind="requests", amount=1, per="minute"),)
        self.principal = Principal(key="k", allow=Allowance(**allow), rates=(ScopeRates("key:k", limits),))

    def find(self, _key: bytes) -> Principal:
        return self.principal


def narrow(**allow: Any) -> Gateway:
    house = App(Settings(), environ={})
    made = Gateway(house)
    made.access._ring = Narrow(**allow)  # type: ignore[assignment]  # noqa: SLF001
    return made


async def test_a_key_sees_and_prices_only_the_models_that_it_may_use() -> None:
    gateway = narrow(models=("mock/echo",))

    status, listed = await ask(gateway, "GET", "/api/v1/models")
    refused = [
        await ask(gateway, "POST", "/api/v1/estimates", CHAT),
        await ask(gateway, "POST", "/api/v1/estimates", VIDEO),
        await ask(gateway, "GET", "/api/v1/expressions", model=VEO, operation="text_to_video"),
    ]

    assert (status, [one["reference"] for one in listed["data"]]) == (200, ["mock/echo"])
    assert [status for status, _ in refused] == [403, 403, 403]
    assert all("may not use the model" in fault["message"] for _, fault in refused)


async def test_estimates_keep_to_rate_limits() -> None:
    gateway = narrow()
    gateway._app.keepers.limits = MemoryRates(lambda: 0)  # noqa: SLF001

    first, _ = await ask(gateway, "POST", "/api/v1/estimates", CHAT)
    second, fault = await ask(gateway, "POST", "/api/v1/estimates", CHAT)
    third, _ = await ask(gateway, "GET", "/api/v1/expressions", model=VEO, operation="text_to_video")

    assert (first, second, third) == (200, 429, 429)
    assert fault["kind"] == "rate_limit"
