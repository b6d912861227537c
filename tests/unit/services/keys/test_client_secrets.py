"""Client secrets: who knows them, and until when."""

import datetime
import hashlib
from decimal import Decimal
from typing import Any

import pytest

from genmux.services.keys import ClientSecrets
from genmux.types.errors import AuthenticationError, InvalidRequestError


class Clock:
    def __init__(self) -> None:
        self.now = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)

    def __call__(self) -> datetime.datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += datetime.timedelta(seconds=seconds)


def maker(clock: Clock, *keys: bytes) -> ClientSecrets:
    async def known() -> tuple[bytes, ...]:
        return keys

    numbers = iter(range(1, 100))
    return ClientSecrets(known, now=clock, random=lambda count: bytes([next(numbers)]) * count)


async def made(secrets: ClientSecrets, seconds: int = 60, **more: Any) -> str:
    given: dict[str, Any] = {"key": "key_1", "model": "mock/realtime", "session": {"voice": "tones"}, **more}
    return (await secrets.issue(seconds=seconds, **given))[0]


async def test_a_secret_tells_what_it_stands_for():
    secrets = maker(Clock(), b"k" * 32)
    known = await secrets.open(await made(secrets, budget=Decimal("0.50"), end_user="ann"))
    assert (known.key, known.model, known.session) == ("key_1", "mock/realtime", {"voice": "tones"})
    assert (known.budget, known.end_user) == (Decimal("0.50"), "ann")


async def test_another_gateway_of_the_same_store_knows_it():
    clock = Clock()
    text = await made(maker(clock, b"k" * 32))
    assert (await maker(clock, b"new" * 10, b"k" * 32).open(text)).key == "key_1"


async def test_a_gateway_of_another_store_does_not():
    clock = Clock()
    text = await made(maker(clock, b"k" * 32))
    with pytest.raises(AuthenticationError, match="not one of this gateway's"):
        await maker(clock, b"other" * 6).open(text)


async def test_it_ends():
    clock = Clock()
    secrets = maker(clock, b"k" * 32)
    text = await made(secrets, 60)
    clock.pass_(59)
    await secrets.open(text)
    clock.pass_(1)
    with pytest.raises(AuthenticationError, match="expired"):
        await secrets.open(text)


@pytest.mark.parametrize("seconds", [0, 9, 7_201, -1])
async def test_it_lasts_neither_too_short_nor_too_long(seconds: int):
    with pytest.raises(InvalidRequestError, match="10 to 7200"):
        await made(maker(Clock(), b"k" * 32), seconds)


@pytest.mark.parametrize("text", ["", "ek_", "ek_.", "ek_a.b", "sk-1", "ek_\N{SNOWMAN}.x", "ek_" + "a" * 20_000])
async def test_what_is_none_is_refused(text: str):
    with pytest.raises(AuthenticationError, match="not one of this gateway's"):
        await maker(Clock(), b"k" * 32).open(text)


async def test_one_letter_changed_is_another_secret():
    secrets = maker(Clock(), b"k" * 32)
    text = await made(secrets)
    for at in range(3, len(text), 7):
        forged = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(AuthenticationError):
            await secrets.open(forged)


async def test_a_large_session_is_kept_by_the_gateway_that_made_it():
    clock = Clock()
    secrets, others = maker(clock, b"k" * 32), maker(clock, b"k" * 32)
    large = {"instructions": "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(200))}
    text = await made(secrets, session=large)
    assert len(text) < 1_000
    assert (await secrets.open(text)).session == large
    with pytest.raises(AuthenticationError, match="known only to the gateway that made it"):
        await others.open(text)
