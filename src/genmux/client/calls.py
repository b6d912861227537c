"""The calls of the asynchronous clients."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import msgspec

from genmux.app import App
from genmux.client.gateway import goes_through, named_for
from genmux.client.generations import ask_generation
from genmux.client.params import ChatParams, EmbedParams, Inputs, Prompt
from genmux.client.requests import Asked, ask_chat, ask_embed
from genmux.client.streams import ChatStream, parsed
from genmux.client.survey import Survey
from genmux.flows.call.options import CallOptions
from genmux.services.estimates import Expression
from genmux.types.chat import ChatResult
from genmux.types.embed import EmbedResult
from genmux.types.errors import ConfigurationError, ValidationError
from genmux.types.generation import Input
from genmux.types.money import Estimate, TokenCount
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Calls(Survey):
    """Everything that can be asked of models. After closing, every call raises ConfigurationError."""

    def __init__(self, app: App, *, model: str | None, options: CallOptions, only: str | None = None) -> None:
        super().__init__(app, only=only)
        self._model = model
        self._options = options
        self._closed = False
        self._gateway = goes_through(app) and only is None

    async def chat(self, prompt: Prompt, **params: Unpack[ChatParams]) -> ChatResult:
        """Ask a chat model and wait for the whole answer."""
        asked = self._chat(prompt, params)
        if self._app.waits:
            await self._app.ready()
        return parsed(await self._app.calls.chat(asked.request, asked.options), asked.parse)

    async def stream(self, prompt: Prompt, **params: Unpack[ChatParams]) -> ChatStream:
        """Ask a chat model and get the answer in parts, as they come."""
        asked = self._chat(prompt, params)
        if self._app.waits:
            await self._app.ready()
        return ChatStream(await self._app.calls.stream(asked.request, asked.options), asked.parse)

    async def embed(self, inputs: Inputs, **params: Unpack[EmbedParams]) -> EmbedResult:
        """Turn one text or several into vectors."""
        asked = self._embed(inputs, params)
        if self._app.waits:
            await self._app.ready()
        return await self._app.calls.embed(asked.request, asked.options)

    async def count_tokens(self, prompt: Prompt, **params: Unpack[ChatParams]) -> TokenCount:
        """Count the input tokens: by the provider where it does so for free, else on this machine (marked when not exact)."""
        asked = self._chat(prompt, params)
        return await self._app.calls.count_tokens(asked.request, asked.options)

    def estimate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> Estimate:
        """What a chat may cost, before it is sent."""
        return self._app.calls.estimate(self._chat(prompt, params).request)

    def estimate_embed(self, inputs: Inputs, **params: Unpack[EmbedParams]) -> Estimate:
        """What embeddings may cost, before they are sent."""
        return self._app.calls.estimate(self._embed(inputs, params).request)

    def estimate_generation(
        self,
        operation: str,
        *,
        model: str | None = None,
        prompt: str = "",
        inputs: Sequence[Input | Mapping[str, Any]] = (),
        **params: Any,
    ) -> Estimate:
        """What a generation may cost, such as `text_to_video`, before anything is made.

        `inputs` are what goes in beside the prompt, `params` the model's own: `duration=8, resolution="1080p"`. The model
        need not be one that can be called here; a price is enough.
        """
        asked = self._ask_generation(operation, prompt, inputs, model=model, params=params)
        return self._app.estimates.generation(asked.request)

    def price_expression(
        self, operation: str, *, model: str | None = None, service_tier: str | None = None
    ) -> Expression:
        """What an operation of a model costs, as a table that `genmux.services.estimates.evaluate` and forms can evaluate."""
        asked = self._ask_generation(operation, "", (), model=model, params={})
        return self._app.estimates.expression(asked.request.model or None, operation, service_tier=service_tier)

    def validate(self, prompt: Prompt, **params: Unpack[ChatParams]) -> tuple[Warning, ...]:
        """Check a chat and send nothing. Gives its warnings. Raises ValidationError with all faults at once."""
        return self._validated(self._ask_chat(prompt, params))

    def forget(self) -> None:
        """No further calls; what is under way ends by itself."""
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether there can be no further calls."""
        return self._closed

    def _ask_chat(self, prompt: Prompt, params: Mapping[str, Any]) -> Asked:
        """What was asked for, with its faults. Where a provider is bound, its defaults and its name come in here."""
        self._check_open()
        return self._through(ask_chat(prompt, params, model=self._model, options=self._options))

    def _ask_embed(self, inputs: Inputs, params: Mapping[str, Any]) -> Asked:
        self._check_open()
        return self._through(ask_embed(inputs, params, model=self._model, options=self._options))

    def _through(self, asked: Asked) -> Asked:
        """The same for the gateway, where there is one."""
        return msgspec.structs.replace(asked, request=named_for(asked.request)) if self._gateway else asked

    def _ask_generation(
        self,
        operation: str,
        prompt: str,
        inputs: Sequence[Input | Mapping[str, Any]],
        *,
        model: str | None,
        params: Mapping[str, Any],
    ) -> Asked:
        self._check_open()
        return ask_generation(operation, prompt, inputs, model=model or self._model, params=params)

    def _chat(self, prompt: Prompt, params: Mapping[str, Any]) -> Asked:
        asked = self._ask_chat(prompt, params)
        if asked.faults:
            self._validated(asked)
        return asked

    def _embed(self, inputs: Inputs, params: Mapping[str, Any]) -> Asked:
        asked = self._ask_embed(inputs, params)
        if asked.faults:
            self._validated(asked)
        return asked

    def _validated(self, asked: Asked) -> tuple[Warning, ...]:
        """The warnings of a call. Raises ValidationError with its faults and those that its model knows of."""
        try:
            warnings = self._app.calls.validate(asked.request, asked.options)
        except ValidationError as error:
            raise ValidationError(asked.faults + error.faults, provider=error.provider, model=error.model) from error
        if asked.faults:
            raise ValidationError(asked.faults)
        return warnings

    def _check_open(self) -> None:
        if self._closed:
            message = "this client is closed; make a new one"
            raise ConfigurationError(message)
