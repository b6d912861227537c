"""Sessions that the simulator holds: it listens for loudness, answers in tones, and does what it is told to do wrong."""

from genmux.providers.mock.live.manner import GEMINI, IN_PROCESS, OPENAI, Manner
from genmux.providers.mock.live.peer import MockPeer
from genmux.providers.mock.live.tape import Tape
from genmux.providers.mock.live.wire import MockRealtime
from genmux.providers.mock.live.wishes import LiveWish

__all__ = ["GEMINI", "IN_PROCESS", "OPENAI", "LiveWish", "Manner", "MockPeer", "MockRealtime", "Tape"]
