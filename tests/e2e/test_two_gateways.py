"""Two `genmux serve` processes on one PostgreSQL share keys, budgets and rate limits under load."""

import http.client
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.e2e.native import Api
from tests.e2e.raw import CHAT, question

ROOT = "the-root-key-of-this-test"
LIMIT = Decimal("4.00")
COST = Decimal("0.04")
"""Of a call of `ask`, which is also the most that it can cost: 40 tokens out, at a dollar a thousand."""

CONFIG = """
[[prices."mock/story"]]
meter = "tokens.input"
amount = "0"

[[prices."mock/story"]]
meter = "tokens.output"
per = 1000
amount = "1"
"""


@contextmanager
def serving(store: str, config: Path) -> Iterator[str]:
    """The address of a gateway in a process of its own."""
    environ = {
        **os.environ,
        "GENMUX_STORE": store,
        "GENMUX_CONFIG": str(config),
        "GENMUX_GATEWAY_KEYS": ROOT,
        "NO_COLOR": "1",
        "COLUMNS": "200",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "genmux", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://(\S+)", line)
        assert found, line + process.stdout.read()
        yield found[1]
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def gateways(postgres_store_url: str, tmp_path: Path) -> Iterator[list[str]]:
    config = tmp_path / "genmux.toml"
    config.write_text(CONFIG)
    with ExitStack() as stack:
        yield [stack.enter_context(serving(postgres_store_url, config)) for _ in range(2)]


def ask(address: str, key: str) -> int:
    """The status of one call; a connection of its own."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        body = msgspec.json.encode(question("mock/story", "[mock tokens=40] go on", max_tokens=40))
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        connection.request("POST", CHAT, body, headers)
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()


def load(gateways: list[str], key: str, calls: int) -> Counter[int]:
    """How often each status came, of calls to both gateways at once."""
    with ThreadPoolExecutor(16) as pool:
        return Counter(pool.map(lambda number: ask(gateways[number % 2], key), range(calls)))


def spent(api: Api, budget: int) -> Decimal:
    return Decimal(str(api.good("GET", f"/budgets/{budget}")["spent"]))


def held(api: Api, budget: int) -> Decimal:
    return Decimal(str(api.good("GET", f"/budgets/{budget}")["held"]))


def requests(api: Api, key_id: str) -> int:
    """How many answered requests of a key there are in the usage."""
    return sum(int(one["requests"]) for one in api.good("GET", f"/usage?key={key_id}&status=completed")["totals"])


def until(true: object, seconds: float = 15.0) -> None:
    """Wait for what another process writes in its own time."""
    assert callable(true)
    ended = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ended, "it did not come about"
        time.sleep(0.05)


def test_two_gateways_share_keys_budgets_and_limits(gateways: list[str]) -> None:
    one, other = (Api(f"http://{address}", ROOT) for address in gateways)
    issued = one.good("POST", "/keys", {"name": "shared"})
    key, key_id = issued["text"], issued["key"]["id"]
    until(lambda: ask(gateways[1], key) == 200)
    scope = {"kind": "key", "id": key_id}
    budget = one.good("POST", "/budgets", {"scope": scope, "limit": str(LIMIT), "period": "total"})["id"]
    until(lambda: ask(gateways[1], key) == 200 and spent(one, budget) > 0)

    seen = load(gateways, key, 300)

    assert set(seen) == {200, 402}, seen
    until(lambda: held(one, budget) == 0)
    assert spent(other, budget) == LIMIT  # not a call more, and not one less
    until(lambda: requests(one, key_id) >= seen[200] + 2)
    assert LIMIT / COST - 20 <= seen[200] < LIMIT / COST
    assert one.good("POST", "/budgets/verify")["data"] == []

    limited = other.good(
        "POST", "/keys", {"name": "slow", "limits": [{"kind": "requests", "amount": 20, "per": "day"}]}
    )
    until(lambda: ask(gateways[0], limited["text"]) == 200)
    assert load(gateways, limited["text"], 60) == {200: 19, 429: 41}

    other.good("DELETE", f"/keys/{key_id}")
    until(lambda: ask(gateways[0], key) == 401)
