"""What costs money does not leave without a permit."""

import pytest

from genmux.contract.http import HttpRequest
from genmux.engine.engine import Engine
from genmux.engine.permit import Permit, is_free
from genmux.types.errors import ConfigurationError
from tests.engine_doubles import BASE, CREDENTIAL, post, provider
from tests.fake_transport import FakeTransport, Played

LUMEN = provider()


async def test_a_paid_request_without_a_permit_is_not_sent() -> None:
    transport = FakeTransport([Played(b"{}")])
    engine = Engine(transport)
    with pytest.raises(ConfigurationError, match="needs a permit"):
        await engine.call(LUMEN, CREDENTIAL, post("/chat"), base_url=BASE)
    with pytest.raises(ConfigurationError, match="needs a permit"):
        await engine.open(LUMEN, CREDENTIAL, post("/chat"), base_url=BASE)
    assert transport.requests == []


async def test_a_closed_permit_lets_nothing_through() -> None:
    transport = FakeTransport([Played(b"{}")])
    permit = Permit()
    permit.closed = True
    with pytest.raises(ConfigurationError, match="settled already"):
        await Engine(transport).call(LUMEN, CREDENTIAL, post("/chat"), base_url=BASE, permit=permit)
    assert transport.requests == []


async def test_a_permit_counts_what_was_sent_under_it() -> None:
    permit = Permit()
    engine = Engine(FakeTransport([Played(b"{}"), Played(b"{}")]))
    for _ in range(2):
        await engine.call(LUMEN, CREDENTIAL, post("/chat"), base_url=BASE, permit=permit)
    assert permit.sendings == 2


@pytest.mark.parametrize(
    ("request_", "free"),
    [
        (HttpRequest(method="GET", url="/models"), True),
        (HttpRequest(method="POST", url="/count", read_only=True), True),
        (HttpRequest(method="POST", url="/chat"), False),
        (HttpRequest(method="DELETE", url="/job"), False),
    ],
)
def test_what_only_looks_is_free(request_: HttpRequest, *, free: bool) -> None:
    assert is_free(request_) is free
