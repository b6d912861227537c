"""The voices of a model, where its provider lists them. For all others they are the choices of the parameter `voice`."""

from typing import Protocol, runtime_checkable

from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.model import Model
from genmux.types.speech import Voice


@runtime_checkable
class Voices(Protocol):
    """Optional half of a wire of speech: the provider lists voices, page by page, for nothing."""

    def encode_voices(self, model: Model) -> HttpRequest:
        """Ask for the first page; free, and may be repeated."""
        ...

    def decode_voices(self, reply: HttpReply) -> tuple[Voice, ...]:
        """Read one page. Raises ProviderError(malformed_reply)."""
        ...

    def more_voices(self, reply: HttpReply) -> HttpRequest | None:
        """Ask for the page that comes after the one of a reply; None where that was the last."""
        ...


def own_voices(model: Model) -> tuple[Voice, ...]:
    """The voices that the manifest lists for a model; none where it leaves them open."""
    param = model.spec.params.get("voice")
    return tuple(Voice(id=str(one), name=str(one)) for one in param.choices) if param is not None else ()
