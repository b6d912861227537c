"""A connection that answers what is polled thousands of times a second with as little work as possible."""

from typing import Protocol, cast

from genmux.testing.simulator.connection import Connection, House


class QuickHouse(House, Protocol):
    """A server that has quick answers."""

    def quick(self, target: bytes) -> bytes | None:
        """The whole reply to a GET, None where there is no quick one."""
        ...


class QuickConnection(Connection):
    """Takes the short way for a GET that came in one piece while nothing else is going on."""

    def __init__(self, house: QuickHouse, number: int) -> None:
        super().__init__(house, number)
        self._quick = house.quick

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        if data.startswith(b"GET ") and self._steps is None and not self._over and self._parser.idle:
            end = data.find(b"\r\n\r\n")
            if end == len(data) - 4 and b"\nconnection: close" not in data[:end].lower():
                answer = self._quick(data[4 : data.index(b" ", 4)])
                if answer is not None:
                    cast("_Writes", self._transport).write(answer)
                    return
        super().data_received(data)


class _Writes(Protocol):
    def write(self, data: bytes) -> None: ...
