"""What makes a simulated provider of voice that one and no other: its routes, its words, its errors."""

import re
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import msgspec

from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.steps import Headers
from genmux.testing.simulator.voice.call import VoiceCall

_BRACES = re.compile(r"\{(\w+)\}")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in pieces, which are sent one after the other."""

    pieces: tuple[bytes, ...]
    media_type: str = "application/json"
    status: int = 200
    headers: Headers = ()


class VoiceRoute(NamedTuple):
    """What is served where; `{name}` stands for one segment of the path. `paid` calls are billed."""

    method: str
    path: str
    handler: Callable[[VoiceCall], Told]
    paid: bool = True

    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern."""
        split = _BRACES.split(self.path)
        written = re.escape(split[0])
        for name, literal in zip(split[1::2], split[2::2], strict=True):
            written += f"(?P<{name}>[^/]+)" + re.escape(literal)
        return re.compile(written)


class VoicePersonality:
    """One simulated provider. `key_header` is where its credential is; a call without is refused."""

    name: ClassVar[str] = ""
    key_header: ClassVar[str] = "authorization"

    def routes(self) -> tuple[VoiceRoute, ...]:
        """What is served, below the prefix."""
        raise NotImplementedError

    def refuse(self, refusal: Refusal) -> Told:
        """An error as this provider writes it."""
        raise NotImplementedError(refusal.kind)


def told_json(document: Any, *, status: int = 200, headers: Headers = ()) -> Told:
    """An answer in JSON, in two pieces."""
    body = msgspec.json.encode(document)
    half = len(body) // 2
    return Told(pieces=(body[:half], body[half:]), status=status, headers=headers)
