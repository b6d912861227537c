"""The blocking client: drives the asynchronous one from any thread."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Self, Unpack

from genmux.app import App
from genmux.client.async_client import AsyncClient, ChatStream
from genmux.client.loop import LoopThread
from genmux.client.params import ChatParams, EmbedParams, Prompt
from genmux.services.catalog import ModelInfo
from genmux.services.events import Handler
from genmux.services.registry import ProviderInfo
from genmux.services.totals import Total
from genmux.types.chat import ChatResult
from genmux.types.content import Text
from genmux.types.embed import EmbedResult
from genmux.types.health import Health
from genmux.types.money import Estimate, TokenCount
from genmux.types.parts import BlockStart, Part, TextDelta
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class BlockingStream:
    """A streamed answer: iterate its parts, or `text()`; `result()` is the whole answer as far as it has come."""

    def __init__(self, stream: ChatStream, loop: LoopThread) -> None:
        self._stream = stream
        self._loop = loop

    def __iter__(self) -> Iterator[Part]:
        """The parts, in order."""
        batches = self._stream.batches()

        async def pull() -> list[Part] | None:
            return await anext(batches, None)

        while (batch := self._loop.run(pull())) is not None:
            yield from batch

    def text(self) -> Iterator[str]:
        """Only the text of the answer."""
        for part in self:
            match part:
                case BlockStart(block=Text(text=text)) | TextDelta(text=text) if text:
                    yield text
                case _:
                    pass

    def result(self) -> ChatResult:
        """The answer as far as it has come; after the end it has usage, cost and the parsed output."""
        return self._stream.result()

    def close(self) -> None:
        """Close the connection; what was received is booked. May be called again."""
        self._loop.run(self._stream.aclose())

    def __enter__(self) -> Self:
        """Use it as `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close at the end of the block."""
        self.close()


class Client:
    """One interface to every provider, for code without an event loop. Threads may share it; use it as `with`.

    The arguments are those of `AsyncClient`, whose calls it makes one by one.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        config: str | Path | None = None,
        keys: Mapping[str, str] | None = None,
        app: App | None = None,
    ) -> None:
        self._client = AsyncClient(model=model, config=config, keys=keys, app=app)
        self._loop = LoopThread()

    @property
    def app(self) -> App:
        """What the client stands on."""
        return self._client.app

    def chat(self, prompt: Prompt, **params: Unpack[ChatParams]) -> ChatResult:
        """Ask a chat model and wait for the whole answer."""
        return self._loop.run(self._client.chat(prompt, **params))

    def stream(self, prompt: Prompt, **params: Unpack[ChatParams]) -> BlockingStream:
        """Ask a chat model and get the answer in parts, as they come."""
        return BlockingStream(self._loop.run(self._client.stream(prompt, **params)), self._loop)

    def embed(self, inputs: str | Sequence[str | Sequence[int]], **params: Unpack[EmbedParams]) -> EmbedResult:
        """Turn one text or several into vectors."""
        return self._loop.run(self._client.embed(inputs, **params))

    def count_tokens(self, prompt: Prompt, **params: Unpack[ChatParams]) -> TokenCount:
        """Count the input tokens."""
        return self._loop.run(self._client.count_tokens(prompt, **params))

    def estimate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> Estimate:
        """What a chat may cost, before it is sent."""
        return self._client.estimate(prompt, **params)

    def estimate_embed(self, inputs: str | Sequence[str | Sequence[int]], **params: Unpack[EmbedParams]) -> Estimate:
        """What embeddings may cost, before they are sent."""
        return self._client.estimate_embed(inputs, **params)

    def validate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> tuple[Warning, ...]:
        """Check a chat and send nothing. Raises ValidationError with all faults at once."""
        return self._client.validate(prompt, **params)

    def validate_config(self) -> tuple[str, ...]:
        """Everything that is wrong with what is configured, in words."""
        return self._client.validate_config()

    def models(
        self,
        *,
        provider: str | None = None,
        operation: str | None = None,
        features: Sequence[str] = (),
        max_price: Decimal | float | None = None,
    ) -> list[ModelInfo]:
        """The listed models that fit; `max_price` is US dollars for a million input tokens."""
        return self._client.models(provider=provider, operation=operation, features=features, max_price=max_price)

    def providers(self) -> list[ProviderInfo]:
        """All installed providers, and why some cannot be used now."""
        return self._client.providers()

    def health(self, provider: str) -> Health:
        """One light, unpaid request to a provider."""
        return self._loop.run(self._client.health(provider))

    def totals(self) -> Mapping[str, Total]:
        """Calls, cost and usage since the start, by `provider/model`."""
        return self._client.totals()

    def on_event(self, handler: Handler, *types: str) -> Callable[[], None]:
        """Call `handler` for every event, or only for those `types`. Gives the function that ends it."""
        return self._client.on_event(handler, *types)

    def close(self) -> None:
        """Close all connections, stop embedded engines and the thread. May be called again."""
        self._loop.run(self._client.aclose())
        self._loop.close()

    def __enter__(self) -> Self:
        """Use it as `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close at the end of the block."""
        self.close()
