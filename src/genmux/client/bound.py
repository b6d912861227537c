"""A provider by itself, with the client's own calls."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, Unpack

import msgspec

from genmux.app import App
from genmux.client.calls import Calls
from genmux.client.params import ChatParams
from genmux.client.requests import CHAT_NAMES, Asked, configured_options, options_of, unknown_names
from genmux.flows.call.options import CallOptions
from genmux.types.chat import ChatResult
from genmux.types.errors import ConfigurationError, InvalidRequestError
from genmux.types.generation import Input
from genmux.types.health import Health


class BoundProvider(Calls):
    """One provider with its credential, and perhaps a model, bound: calls need not name them.

    Made by `get_provider`. After `close` every call raises ConfigurationError.
    """

    def __init__(
        self, app: App, provider_id: str, *, model: str | None, options: CallOptions, defaults: Mapping[str, Any]
    ) -> None:
        super().__init__(app, model=model, options=options, only=provider_id)
        self.id = provider_id
        self.model = model
        self.manifest = app.registry.manifest(provider_id)
        self._defaults = defaults

    async def generate(self, prompt: Any, **params: Unpack[ChatParams]) -> ChatResult:
        """Ask the model and wait for the whole answer; the same as `chat`."""
        return await self.chat(prompt, **params)

    async def health(self) -> Health:
        """One light, unpaid request."""
        self._check_open()
        options = self._options
        return await self._app.health.check(self.id, credential=options.credential, base_url=options.base_url)

    async def close(self) -> None:
        """No further calls; what is under way ends by itself. May be called again."""
        self.forget()

    async def __aenter__(self) -> Self:
        """Use it as `async with`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close at the end of the block."""
        await self.close()

    def _ask_chat(self, prompt: Any, params: Mapping[str, Any]) -> Asked:
        return self._named(super()._ask_chat(prompt, {**self._defaults, **params}))

    def _ask_embed(self, inputs: Any, params: Mapping[str, Any]) -> Asked:
        return self._named(super()._ask_embed(inputs, params))

    def _ask_generation(
        self,
        operation: str,
        prompt: str,
        inputs: Sequence[Input | Mapping[str, Any]],
        *,
        model: str | None,
        params: Mapping[str, Any],
    ) -> Asked:
        return self._named(super()._ask_generation(operation, prompt, inputs, model=model, params=params))

    def _named(self, asked: Asked) -> Asked:
        """The same for a model of this provider."""
        model: str = asked.request.model
        if not model:
            message = f"no model was named: say get_provider({self.id!r}, model=…) or name one in the call"
            raise InvalidRequestError(message, provider=self.id, param="model")
        if model.startswith(f"{self.id}/"):
            return asked
        request = msgspec.structs.replace(asked.request, model=f"{self.id}/{model}")
        return msgspec.structs.replace(asked, request=request)

    def _check_open(self) -> None:
        if self._closed:
            message = f"this provider ({self.id}) was closed; get a new one with get_provider({self.id!r})"
            raise ConfigurationError(message, provider=self.id)


def bind(
    app: App, provider_id: str, *, model: str | None, base_url: str | None, settings: Mapping[str, Any]
) -> BoundProvider:
    """Bind a provider. What names a field of its credential (`api_key` …) is that; the rest are defaults of its calls.

    Raises NotFoundError for an unknown provider, ValidationError for an unknown setting or one that is wrong.
    """
    fields = {"api_key", *app.registry.manifest(provider_id).credentials}
    credential = {name: str(value) for name, value in settings.items() if name in fields and value is not None}
    defaults = {name: value for name, value in settings.items() if name not in fields}
    unknown_names(defaults, CHAT_NAMES | fields)
    options = options_of(defaults, configured_options(app.settings.defaults))
    options = msgspec.structs.replace(options, credential=credential or None, base_url=base_url)
    return BoundProvider(app, provider_id, model=model, options=options, defaults=defaults)
