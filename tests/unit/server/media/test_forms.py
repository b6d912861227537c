"""Forms whose files become assets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from genmux.server.http import CallerGoneError, Request
from genmux.server.media.forms import FormReader
from genmux.types.assets import AssetFilter
from tests.assets import ME, House, house, picture
from tests.unit.server.asgi import asking

HEAD = b'--x\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n'


class Leaving:
    """Terms under which a caller sends this, and goes."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def pieces(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        assert len(self._body) < limit
        assert request
        yield self._body
        raise CallerGoneError


@pytest.fixture
async def here(sqlite_store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(sqlite_store_url, folder=tmp_path) as found:
        yield found


async def test_a_caller_who_goes_away_in_the_middle_of_a_form_leaves_no_file(here: House) -> None:
    terms: Any = Leaving(HEAD + picture() + b"\r\n" + HEAD + b"half")
    reader = FormReader(here.desk, terms, ME, once=None)
    with pytest.raises(CallerGoneError):
        await reader.read(asking(**{"content-type": "multipart/form-data; boundary=x"}))

    assert await here.shelf.list("acme", AssetFilter()) == ()
