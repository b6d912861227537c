"""What a server of live sessions has heard, for tests."""

from collections import deque
from collections.abc import Mapping

from genmux.contract.sessions import Frame
from genmux.providers.mock.live import Tape

MOST = 10_000
"""So many frames are kept of one connection, each way."""


class RealtimeSeen:
    """One connection: frames with their times in seconds of the server's clock.

    `code` is that of the WebSocket's end, `broken` says that the client vanished without one; `tape` is the session as the peer
    knows it.
    """

    def __init__(self, number: int, protocol: str, path: str, headers: Mapping[str, str], at: float) -> None:
        self.number = number
        self.protocol = protocol
        self.path = path
        self.headers = headers
        self.at = at
        self.heard: deque[tuple[float, Frame]] = deque(maxlen=MOST)
        self.told: deque[tuple[float, Frame]] = deque(maxlen=MOST)
        self.tape: Tape | None = None
        self.status = 101
        self.code: int | None = None
        self.open = True

    @property
    def frames(self) -> list[Frame]:
        """What the client has sent."""
        return [frame for _, frame in self.heard]
