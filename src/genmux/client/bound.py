"""A provider by itself, with the client's own calls."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, Unpack

from genmux.app import App
from genmux.client.async_client import AsyncClient, ChatStream
from genmux.client.params import ChatParams, EmbedParams, Prompt
from genmux.client.requests import call_options, check_names, configured_options
from genmux.flows.call.options import CallOptions
from genmux.types.chat import ChatResult
from genmux.types.embed import EmbedResult
from genmux.types.errors import ConfigurationError, InvalidRequestError
from genmux.types.health import Health
from genmux.types.money import Estimate, TokenCount
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class BoundProvider:
    """One provider with its credential, and perhaps a model, bound: calls need not name them.

    Made by `get_provider`. After `close` every call raises ConfigurationError.
    """

    def __init__(
        self,
        app: App,
        provider_id: str,
        *,
        model: str | None,
        base_url: str | None,
        credential: Mapping[str, str],
        defaults: ChatParams,
    ) -> None:
        options: CallOptions = configured_options(app.settings.defaults)
        self.id = provider_id
        self.model = model
        self.manifest = app.registry.manifest(provider_id)
        self._defaults = defaults
        merged = call_options(defaults, options)
        bound = CallOptions(
            timeout=merged.timeout,
            retries=merged.retries,
            retry_unsure=merged.retry_unsure,
            budget_limit=merged.budget_limit,
            tags=merged.tags,
            credential=dict(credential) or None,
            base_url=base_url,
        )
        self._client: AsyncClient | None = AsyncClient(app=app, options=bound)

    async def generate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> ChatResult:
        """Ask the model and wait for the whole answer."""
        return await self._open().chat(prompt, **self._with(params))

    async def stream(self, prompt: Prompt, **params: Unpack[ChatParams]) -> ChatStream:
        """Ask the model and get the answer in parts."""
        return await self._open().stream(prompt, **self._with(params))

    async def embed(self, inputs: str | Sequence[str | Sequence[int]], **params: Unpack[EmbedParams]) -> EmbedResult:
        """Turn one text or several into vectors."""
        params["model"] = self._named(params.get("model"))
        return await self._open().embed(inputs, **params)

    async def count_tokens(self, prompt: Prompt, **params: Unpack[ChatParams]) -> TokenCount:
        """Count the input tokens."""
        return await self._open().count_tokens(prompt, **self._with(params))

    def estimate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> Estimate:
        """What a chat may cost, before it is sent."""
        return self._open().estimate(prompt, **self._with(params))

    def validate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> tuple[Warning, ...]:
        """Check a chat and send nothing. Raises ValidationError with all faults at once."""
        return self._open().validate(prompt, **self._with(params))

    async def health(self) -> Health:
        """One light, unpaid request."""
        return await self._open().health(self.id)

    async def close(self) -> None:
        """No further calls; what is under way ends by itself. May be called again."""
        self.forget()

    def forget(self) -> None:
        """The same without waiting."""
        self._client = None

    async def __aenter__(self) -> Self:
        """Use it as `async with`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close at the end of the block."""
        await self.close()

    def _open(self) -> AsyncClient:
        if self._client is None:
            message = f"this provider ({self.id}) was closed; get a new one with get_provider({self.id!r})"
            raise ConfigurationError(message, provider=self.id)
        return self._client

    def _with(self, params: ChatParams) -> ChatParams:
        merged: ChatParams = {**self._defaults, **params}
        merged["model"] = self._named(merged.get("model"))
        return merged

    def _named(self, model: str | None) -> str:
        chosen = model or self.model
        if chosen is None:
            message = f"no model was named: get_provider({self.id!r}, model=…) or name one in the call"
            raise InvalidRequestError(message, provider=self.id, param="model")
        return chosen if chosen.startswith(f"{self.id}/") else f"{self.id}/{chosen}"


def bind(
    app: App, provider_id: str, *, model: str | None, base_url: str | None, settings: Mapping[str, Any]
) -> BoundProvider:
    """Bind a provider. What names a field of its credential (`api_key` …) is that; the rest are defaults of its calls.

    Raises NotFoundError for an unknown provider, ValidationError for an unknown setting.
    """
    manifest = app.registry.manifest(provider_id)
    fields = {"api_key", *manifest.credentials}
    credential = {name: str(value) for name, value in settings.items() if name in fields and value is not None}
    defaults: Any = {name: value for name, value in settings.items() if name not in fields}
    check_names(defaults, ChatParams)
    return BoundProvider(app, provider_id, model=model, base_url=base_url, credential=credential, defaults=defaults)
