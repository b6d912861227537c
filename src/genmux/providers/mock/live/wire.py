"""In place of a wire: sessions are played in this process."""

import itertools
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence

from genmux.contract.model import Model
from genmux.contract.sessions import Resume, Turn
from genmux.providers.mock.live.manner import IN_PROCESS, Manner
from genmux.providers.mock.live.peer import MockPeer
from genmux.providers.mock.live.tape import Tape
from genmux.providers.mock.live.wishes import LiveWish, usual_wishes
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.realtime import SessionConfig

MOST_HANDLES = 1_000


class MockRealtime:
    """Plays sessions, and keeps the last `limit` of them on `tapes`. `wishes` hold for all of them."""

    def __init__(self, manner: Manner = IN_PROCESS, *, wishes: Sequence[LiveWish] = (), limit: int = 100) -> None:
        self.tapes: deque[Tape] = deque(maxlen=limit)
        self.wishes = tuple(wishes)
        self._manner = manner
        self._kept: OrderedDict[str, list[Turn]] = OrderedDict()
        self._numbers = itertools.count(1)

    def play(
        self,
        config: SessionConfig,
        model: Model,
        resume: Resume | None = None,
        *,
        options: Mapping[str, str] | None = None,
    ) -> MockPeer:
        """The other side of one session, which goes as the options of the provider say where nobody wishes otherwise.

        Raises InvalidRequestError for a directive that is not understood, ConfigurationError for an option that is wrong.
        """
        return self.peer(config, model.wire_id, resume, wishes=usual_wishes(options or {}))

    def peer(
        self,
        config: SessionConfig,
        model: str,
        resume: Resume | None = None,
        *,
        wishes: Sequence[LiveWish] = (),
    ) -> MockPeer:
        """The same for a model by its name. Raises ProviderError for a handle that is not known."""
        history: Sequence[Turn] = resume.history if resume else ()
        if resume is not None and resume.handle is not None:
            history = self._known(resume.handle)
        tape = Tape(str(next(self._numbers)), model, config, resume)
        peer = MockPeer(
            config, self._manner, tape, history=history, wishes=(*self.wishes, *wishes), remember=self._remember
        )
        self.tapes.append(tape)
        return peer

    def _known(self, handle: str) -> list[Turn]:
        known = self._kept.get(handle)
        if known is None:
            message = f"no session can go on with the handle {handle!r}; begin a new one"
            raise ProviderError(message, kind=ErrorKind.NOT_FOUND, provider="mock", code="handle_not_found")
        return known

    def _remember(self, handle: str, history: list[Turn]) -> None:
        self._kept[handle] = history
        while len(self._kept) > MOST_HANDLES:
            self._kept.popitem(last=False)
