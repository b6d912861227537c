"""Two gateways on one PostgreSQL: keys, revocations and rate limits hold in both."""

import concurrent.futures
import time
from collections.abc import Iterator
from contextlib import ExitStack

import openai
import pytest

from genmux.services.settings import GatewaySettings, Settings, StoreSettings
from tests.e2e.conftest import RunningGateway, running
from tests.e2e.test_keys import HELLO, ROOT, Api

PATIENCE = 10.0
"""Seconds for the other gateway to hear of a change; mostly it takes milliseconds, and a second at most."""


@pytest.fixture
def gateways(postgres_store_url: str) -> Iterator[list[RunningGateway]]:
    settings = Settings(gateway=GatewaySettings(keys=(ROOT,)), store=StoreSettings(url=postgres_store_url))
    with ExitStack() as stack:
        yield [stack.enter_context(running(settings)) for _ in range(2)]


def ask(gateway: RunningGateway, key: str) -> int:
    """One request; gives its HTTP status."""
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as client:
        try:
            client.chat.completions.create(model="mock/echo", messages=HELLO)
        except openai.APIStatusError as error:
            return error.status_code
        return 200


def until(gateway: RunningGateway, key: str, status: int) -> bool:
    """Whether a gateway comes to answer so."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if ask(gateway, key) == status:
            return True
    return False


def test_two_gateways_share_keys_and_their_limits(gateways: list[RunningGateway]):
    first, second = gateways
    root = Api(first.url, ROOT)
    limits = [{"kind": "requests", "amount": 12, "per": "day"}]
    limited = root.good("POST", "/keys", {"name": "limited", "limits": limits})["text"]
    issued = root.good("POST", "/keys", {"name": "short-lived"})
    assert ask(second, "gmx_nobodys") == 401
    assert until(second, issued["text"], 200)
    with concurrent.futures.ThreadPoolExecutor(6) as callers:
        statuses = [*callers.map(lambda number: ask(gateways[number % 2], limited), range(24))]
    assert statuses.count(200) == 12
    assert statuses.count(429) == 12
    root.good("POST", f"/keys/{issued['key']['id']}/revoke")
    assert ask(first, issued["text"]) == 401
    assert until(second, issued["text"], 401)
