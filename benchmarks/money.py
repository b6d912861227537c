"""What keys, budgets, rate limits, accounts and usage rows cost a gateway's request, as CPU time within one run."""

import http.client
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from load import Gateway, started
from machine import upstream

ROOT = "sk-benchmark-0123456789"
CONFIG = """
[providers.openai]
api_key = "sk-benchmark"
base_url = "{base}/v1"
[gateway]
keys = ["sk-benchmark-0123456789"]
"""
MODEL = "openai/gpt-4o-mini"
ROUNDS, REQUESTS = 5, 6_000


@contextmanager
def gateway(base: str, port: int, store: str) -> Iterator[Gateway]:
    """`genmux serve` with a store, or with `none`."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "genmux.toml"
        config.write_text(CONFIG.format(base=base))
        where = store if store == "none" else str(Path(folder) / store)
        environ = {**os.environ, "GENMUX_CONFIG": str(config), "GENMUX_STORE": where, "XDG_DATA_HOME": folder}
        command = [sys.executable, "-m", "genmux", "serve", "--port", str(port)]
        with started(command, port, environ, model=MODEL) as running:
            yield running


def ask(port: int, path: str, body: object) -> Any:
    """Make something with the native API, as root."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"authorization": f"Bearer {ROOT}", "content-type": "application/json"}
    connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
    reply = connection.getresponse()
    text = reply.read()
    assert reply.status < 300, text
    return json.loads(text)


def with_everything(running: Gateway) -> Gateway:
    """The same, asked with a key that has a budget and two limits, and with two accounts to choose from."""
    limits = [
        {"kind": "requests", "amount": 10_000_000, "per": "minute"},
        {"kind": "tokens", "amount": 10**12, "per": "day"},
    ]
    issued = ask(running.port, "/keys", {"name": "benchmark", "limits": limits})
    for scope in ({"kind": "key", "id": issued["key"]["id"]}, {"kind": "organisation", "id": "default"}):
        ask(running.port, "/budgets", {"scope": scope, "limit": "1000000", "period": "month"})
    for name in ("first", "second"):
        draft = {"provider": "openai", "name": name, "credential": {"api_key": "sk-benchmark"}}
        ask(running.port, "/accounts", draft)
    running.key = issued["text"]
    return running


def main() -> None:
    """Measure in turns, so that what else the machine does falls on all of them."""
    with upstream() as base, ExitStack() as stack:
        bare = stack.enter_context(gateway(base, 18491, "none"))
        stored = stack.enter_context(gateway(base, 18492, "stored.db"))
        whole = with_everything(stack.enter_context(gateway(base, 18493, "whole.db")))
        best = dict.fromkeys(("none", "store", "all"), float("inf"))
        for _ in range(ROUNDS):
            for name, running in zip(best, (bare, stored, whole), strict=True):
                best[name] = min(best[name], running.cpu_per_request(REQUESTS))
    print("| path | budget | measured |")
    print("| --- | --- | --- |")
    print(f"| gateway: CPU a request without a store | | {best['none']:.1f} µs |")
    print(f"| gateway: usage rows alone add | | {best['store'] - best['none']:+.1f} µs |")
    added = best["all"] - best["none"]
    print(f"| gateway: key, budgets, limits, account choice and usage together add | ≤ 25 µs | {added:+.1f} µs |")


if __name__ == "__main__":
    main()
