"""Webhooks of providers need no key, and who is refused learns nothing."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from genmux.server.gateway import Gateway
from genmux.types.errors import StoreError
from genmux.types.jobs import JobStatus
from tests.hooks import FORGED, begun, ended, hook, polled_seldom
from tests.jobs import House


@pytest_asyncio.fixture
async def seldom(sqlite_store_url: str) -> AsyncIterator[House]:
    async with polled_seldom(sqlite_store_url) as one:
        yield one


async def post(
    here: House, path: str, body: bytes, headers: Mapping[str, str] | None = None, method: str = "POST"
) -> tuple[int, bytes]:
    """Ask a gateway that has keys, which no provider knows."""
    here.app.kept()._jobs = here.desk  # noqa: SLF001 — the worker of the test in place of its own
    sent: list[dict[str, Any]] = []
    pieces = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": raw,
        "client": ("8.8.8.8", 1),
    }
    await Gateway(here.app)(scope, receive, send)
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:])


async def test_a_provider_needs_no_key_and_hears_what_it_wants(seldom: House) -> None:
    job, simulated, row = await begun(seldom, "sim-webhook-only")
    seldom.simulator.advance(60)
    sent = hook(seldom, simulated)
    path = f"/hooks/sim-webhook-only/{row.callback_token}"
    assert await post(seldom, path, sent.body, sent.headers) == (200, b"ok")
    assert (await ended(seldom, job)).status is JobStatus.COMPLETED

    assert await post(seldom, path, sent.body, sent.headers) == (200, b"ok")


async def test_what_is_refused_hears_nothing_more_than_that(seldom: House) -> None:
    _, simulated, row = await begun(seldom, "sim-both", "x [[work 1000]]")
    sent, forged = hook(seldom, simulated), hook(seldom, simulated, secret=FORGED)
    path = f"/hooks/sim-both/{row.callback_token}"

    assert await post(seldom, path, forged.body, forged.headers) == (401, b"unauthorized")
    assert await post(seldom, path, sent.body) == (401, b"unauthorized")
    for place in (
        "/hooks/sim-both/guess",
        "/hooks/nobody/guess",
        "/hooks/",
        "/hooks/sim-both",
        f"{path}/x",
        f"{path}\n",
    ):
        assert await post(seldom, place, sent.body, sent.headers) == (404, b"not found")
    assert await post(seldom, path, b"", method="GET") == (404, b"not found")
    assert (await post(seldom, path, b"x" * 1_100_000, sent.headers))[0] == 413


async def test_when_we_cannot_take_it_the_provider_is_told_to_come_again(
    seldom: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, simulated, row = await begun(seldom, "sim-both", "x [[work 1000]]")

    async def away(*_: object) -> bool:
        raise StoreError("the database is away")

    monkeypatch.setattr(seldom.desk.hooks._hints, "hint", away)  # noqa: SLF001
    sent = hook(seldom, simulated)

    assert await post(seldom, f"/hooks/sim-both/{row.callback_token}", sent.body, sent.headers) == (
        503,
        b"service unavailable",
    )


async def test_without_a_store_there_is_nothing(seldom: House) -> None:
    kept, seldom.app.keeping = seldom.app.keeping, None
    try:
        gateway = Gateway(seldom.app)
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        scope = {"type": "http", "method": "POST", "path": "/hooks/a/b", "query_string": b"", "headers": []}
        await gateway(scope, receive, send)
    finally:
        seldom.app.keeping = kept

    assert sent[0]["status"] == 404
