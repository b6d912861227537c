"""The asynchronous client: every call that genmux knows."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Self, Unpack

import msgspec

from genmux.app import App
from genmux.client.params import ChatParams, EmbedParams, Prompt
from genmux.client.requests import call_options, chat_request, configured_options, embed_request
from genmux.client.schemas import Parse
from genmux.flows.call.options import CallOptions
from genmux.flows.call.stream import PartStream
from genmux.services.catalog import ModelInfo
from genmux.services.events import Handler
from genmux.services.registry import ProviderInfo
from genmux.services.totals import Total
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.health import Health
from genmux.types.money import Estimate, TokenCount
from genmux.types.parts import Part
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class ChatStream:
    """A streamed answer: iterate its parts, or `text()`; `result()` is the whole answer as far as it has come.

    Use it as `async with`, or call `aclose` when leaving early.
    """

    def __init__(self, parts: PartStream, parse: Parse | None) -> None:
        self._parts = parts
        self._parse = parse

    def __aiter__(self) -> AsyncIterator[Part]:
        """The parts, in order."""
        return self._parts

    def batches(self) -> AsyncIterator[list[Part]]:
        """The parts in lists, each with what arrived at once."""
        return self._parts.batches()

    def text(self) -> AsyncIterator[str]:
        """Only the text of the answer."""
        return self._parts.text()

    def result(self) -> ChatResult:
        """The answer as far as it has come; after the end it has usage, cost and the parsed output."""
        return parsed(self._parts.result(), self._parse)

    async def aclose(self) -> None:
        """Close the connection; what was received is booked. May be called again."""
        await self._parts.aclose()

    async def __aenter__(self) -> Self:
        """Use it as `async with`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close at the end of the block."""
        await self.aclose()


class AsyncClient:
    """One interface to every provider. Share it between the tasks of one event loop; use it as `async with`.

    `model` is the default model of its calls. `config` is the path of a `genmux.toml` other than the usual ones. `keys`
    are API keys by provider id, and stand before what is configured. `app` shares what another client stands on; `config`
    and `keys` are then that one's. Calls raise `ProviderError` (see `genmux.types.errors`).
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        config: str | Path | None = None,
        keys: Mapping[str, str] | None = None,
        app: App | None = None,
        options: CallOptions | None = None,
    ) -> None:
        self._model = model
        self._owned = app is None
        self._app = app or App(config=config, keys={name: {"api_key": key} for name, key in (keys or {}).items()})
        self._options = options or configured_options(self._app.settings.defaults)

    @property
    def app(self) -> App:
        """What the client stands on."""
        return self._app

    async def chat(self, prompt: Prompt, **params: Unpack[ChatParams]) -> ChatResult:
        """Ask a chat model and wait for the whole answer."""
        request, parse, options = self._chat(prompt, params)
        return parsed(await self._app.calls.chat(request, options), parse)

    async def stream(self, prompt: Prompt, **params: Unpack[ChatParams]) -> ChatStream:
        """Ask a chat model and get the answer in parts, as they come."""
        request, parse, options = self._chat(prompt, params)
        return ChatStream(await self._app.calls.stream(request, options), parse)

    async def embed(self, inputs: str | Sequence[str | Sequence[int]], **params: Unpack[EmbedParams]) -> EmbedResult:
        """Turn one text or several into vectors."""
        request, options = self._embed(inputs, params)
        return await self._app.calls.embed(request, options)

    async def count_tokens(self, prompt: Prompt, **params: Unpack[ChatParams]) -> TokenCount:
        """Count the input tokens: by the provider where it does so for free, else on this machine (marked when not exact)."""
        request, _, options = self._chat(prompt, params)
        return await self._app.calls.count_tokens(request, options)

    def estimate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> Estimate:
        """What a chat may cost, before it is sent."""
        return self._app.calls.estimate(self._chat(prompt, params)[0])

    def estimate_embed(self, inputs: str | Sequence[str | Sequence[int]], **params: Unpack[EmbedParams]) -> Estimate:
        """What embeddings may cost, before they are sent."""
        return self._app.calls.estimate(self._embed(inputs, params)[0])

    def validate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> tuple[Warning, ...]:
        """Check a chat and send nothing. Raises ValidationError with all faults at once."""
        request, _, options = self._chat(prompt, params)
        return self._app.calls.validate(request, options)

    def validate_config(self) -> tuple[str, ...]:
        """Everything that is wrong with what is configured, in words; empty when all is well."""
        return tuple(self._app.config_faults())

    def models(
        self,
        *,
        provider: str | None = None,
        operation: str | None = None,
        features: Sequence[str] = (),
        max_price: Decimal | float | None = None,
    ) -> list[ModelInfo]:
        """The listed models that fit; `max_price` is US dollars for a million input tokens."""
        limit = None if max_price is None else Decimal(str(max_price))
        return self._app.catalog.models(
            self._app.prices, provider=provider, operation=operation, features=features, max_price=limit
        )

    def providers(self) -> list[ProviderInfo]:
        """All installed providers, and why some cannot be used now."""
        return self._app.registry.providers()

    async def health(self, provider: str) -> Health:
        """One light, unpaid request to a provider."""
        return await self._app.health.check(
            provider, credential=self._options.credential, base_url=self._options.base_url
        )

    def totals(self) -> Mapping[str, Total]:
        """Calls, cost and usage since the start, by `provider/model`."""
        return self._app.totals.snapshot()

    def on_event(self, handler: Handler, *types: str) -> Callable[[], None]:
        """Call `handler` for every event, or only for those `types`. Gives the function that ends it."""
        return self._app.events.subscribe(handler, *types)

    async def aclose(self) -> None:
        """Close all connections and stop embedded engines. May be called again."""
        if self._owned:
            await self._app.aclose()

    async def __aenter__(self) -> Self:
        """Use it as `async with`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close at the end of the block."""
        await self.aclose()

    def _chat(self, prompt: Prompt, params: ChatParams) -> tuple[ChatRequest, Parse | None, CallOptions]:
        request, parse = chat_request(prompt, params)
        if not request.model and self._model:
            request = msgspec.structs.replace(request, model=self._model)
        return request, parse, call_options(params, self._options)

    def _embed(
        self, inputs: str | Sequence[str | Sequence[int]], params: EmbedParams
    ) -> tuple[EmbedRequest, CallOptions]:
        request = embed_request(inputs, params)
        if not request.model and self._model:
            request = msgspec.structs.replace(request, model=self._model)
        return request, call_options(params, self._options)


def parsed(result: ChatResult, parse: Parse | None) -> ChatResult:
    """The result with its structured output read. Raises MalformedReplyError when the text does not fit."""
    if parse is None or not result.text or result.tool_calls:
        return result
    return msgspec.structs.replace(result, parsed=parse(result.text))
