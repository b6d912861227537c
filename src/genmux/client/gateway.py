"""Calls through a running gateway: it is one more provider, which has every model."""

import weakref
from typing import TypeVar

import msgspec

from genmux.app import App
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.errors import InvalidRequestError

R = TypeVar("R", ChatRequest, EmbedRequest)

GATEWAY = "gateway"
"""The id of the provider that stands for it."""

_through: "weakref.WeakKeyDictionary[App, GatewayAddress]" = weakref.WeakKeyDictionary()


class GatewayAddress(msgspec.Struct, frozen=True):
    """Where a gateway is, and the key that was given for it."""

    url: str
    key: str | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return f"GatewayAddress({self.url!r})"


def send_through(app: App, url: str, key: str | None = None) -> App:
    """Let all calls of an App go to the gateway at `url`. Raises ConfigurationError for what is no address."""
    from genmux.client.gateway_provider import gateway_provider

    app.registry.register(gateway_provider(GATEWAY, url), replace=True)
    _through[app] = GatewayAddress(url, key or app.environ.get("GENMUX_KEY") or None)
    return app


def gateway_of(app: App) -> GatewayAddress | None:
    """The gateway to which an App's calls go, if they do."""
    return _through.get(app)


def goes_through(app: App) -> bool:
    """Whether an App's calls go to a gateway."""
    return app in _through


def named_for(request: R) -> R:
    """The same for the gateway, which knows by itself what the model's name means. Raises InvalidRequestError without one."""
    model = at_gateway(request.model)
    return request if model == request.model else msgspec.structs.replace(request, model=model)


def at_gateway(model: str | None) -> str:
    """The name by which a model is called through the gateway. Raises InvalidRequestError without one."""
    if not model:
        message = "no model was named; name one (`--model`, or `model=` in a program): a gateway does not say which it takes by default"
        raise InvalidRequestError(message, param="model")
    return model if model.startswith(f"{GATEWAY}/") else f"{GATEWAY}/{model}"
