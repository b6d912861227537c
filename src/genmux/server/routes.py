"""What is served where: exact paths, and paths with one `{id}` in them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping

from genmux.server.http import Request
from genmux.types.errors import ProviderError

Handle = Callable[[Request], Awaitable[None]]
Refuse = Callable[[Request, ProviderError], Awaitable[None]]
Ways = dict[str, tuple[Handle, Refuse]]
"""By HTTP method."""

HOLE = "{id}"


class Routes:
    """Finds what is served at a path. `{id}` stands for one segment, which is not empty; an exact path goes before it."""

    def __init__(self, table: Mapping[str, Ways]) -> None:
        self._exact = {path: ways for path, ways in table.items() if HOLE not in path}
        self._open = [(*path.split(HOLE), ways) for path, ways in table.items() if HOLE in path]
        self._paths = tuple(table)

    def find(self, path: str) -> Ways | None:
        """The ways by which a path is served; None where nothing is."""
        ways = self._exact.get(path)
        if ways is None:
            for before, after, found in self._open:
                end = len(path) - len(after)
                if end > len(before) and path.startswith(before) and path.endswith(after):
                    inside = path[len(before) : end]
                    if "/" not in inside:
                        return found
        return ways

    def __iter__(self) -> Iterator[str]:
        """The paths, as they are written down."""
        return iter(self._paths)
