"""Bodies that come piece by piece."""

from http import HTTPStatus
from typing import Any

import pytest

from genmux.server.http import RequestError
from genmux.server.incoming import pieces_of


def silent_after(*pieces: bytes) -> Any:
    """A caller who sends these, and then nothing any more."""
    waiting = list(pieces)

    async def receive() -> dict[str, object]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": True}
        raise RequestError("nothing came", status=HTTPStatus.REQUEST_TIMEOUT)

    return receive


async def test_what_came_of_a_piece_before_its_sender_fell_silent_counts() -> None:
    assert [one async for one in pieces_of(silent_after(b"ab", b"c"), whole=False)] == [b"ab", b"c"]


async def test_a_whole_file_whose_sender_fell_silent_is_refused() -> None:
    with pytest.raises(RequestError, match="nothing came"):
        assert [one async for one in pieces_of(silent_after(b"ab"), whole=True)]
