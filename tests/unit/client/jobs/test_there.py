"""Jobs at a gateway: what is asked for over the line."""

from typing import Any

import pytest

from genmux.client.jobs.there import There
from genmux.contract.http import HttpReply
from genmux.types.jobs import JobFilter


class Line:
    """Answers with an empty page, and remembers the query."""

    def __init__(self) -> None:
        self.query = ""

    async def ask(self, _method: str, _path: str, *, query: str, **_: Any) -> HttpReply:
        self.query = query
        return HttpReply(status=200, headers={}, body=b'{"data": []}')


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        (JobFilter(operations=("upscale", "edit_image")), "limit=5&operation=upscale&operation=edit_image"),
        (JobFilter(operation="upscale", tags={"a": "b"}), "operation=upscale&tag=a%3Ab&limit=5"),
    ],
)
async def test_no_filter_is_lost_on_the_way_to_a_gateway(wanted: JobFilter, query: str) -> None:
    line = Line()
    await There(line).page(wanted, None, 5)  # pyright: ignore[reportArgumentType]
    assert sorted(line.query.split("&")) == sorted(query.split("&"))
