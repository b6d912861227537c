"""Reading a whole reply."""

import pytest

from genmux.engine.limits import SizeLimits
from genmux.engine.transport import read_whole
from genmux.types.errors import ErrorKind, NetworkError, ProviderError
from tests.fake_transport import Played, PlayedReply

LIMITS = SizeLimits(reply=10, error=5)
CUT = NetworkError("cut")


async def test_pieces_are_put_together_and_the_reply_is_closed() -> None:
    opened = PlayedReply(Played(b"ab", b"cd", headers={"a": "b"}))
    reply = await read_whole(opened, limits=LIMITS, begun=b"_")
    assert (reply.status, reply.headers, reply.body) == (200, {"a": "b"}, b"_abcd")
    assert opened.closed == 1


async def test_a_reply_may_be_as_long_as_its_limit() -> None:
    assert len((await read_whole(PlayedReply(Played(b"01234", b"56789")), limits=LIMITS)).body) == 10


async def test_a_longer_reply_is_refused_and_closed() -> None:
    opened = PlayedReply(Played(b"01234", b"56789", b"!", b"unread"))
    with pytest.raises(ProviderError, match="larger than 10 bytes") as caught:
        await read_whole(opened, limits=LIMITS)
    assert caught.value.kind is ErrorKind.MALFORMED_REPLY
    assert opened.closed == 1


async def test_a_cut_reply_is_a_fault() -> None:
    opened = PlayedReply(Played(b"ab", CUT))
    with pytest.raises(NetworkError):
        await read_whole(opened, limits=LIMITS)
    assert opened.closed == 1


async def test_of_a_refusal_the_beginning_is_enough() -> None:
    assert (await read_whole(PlayedReply(Played(b"0123", b"4567", status=500)), limits=LIMITS)).body == b"01234"
    assert (await read_whole(PlayedReply(Played(b"01", CUT, status=500)), limits=LIMITS)).body == b"01"
