"""A running gateway as a provider, which has every model. Imported when somebody calls through one."""

from collections.abc import Mapping

import msgspec

from genmux.client.voice.gateway_sessions import GatewaySessions
from genmux.client.voice.gateway_sounds import GatewaySpeech, GatewayTranscripts
from genmux.contract.beside import Spent, with_spent
from genmux.contract.features import FEATURES, Support
from genmux.contract.http import HttpReply
from genmux.contract.manifest import Credential, Manifest, ModelSpec, Probe
from genmux.contract.openai_errors import REFUSALS
from genmux.contract.provider import Provider
from genmux.contract.wires import Sent
from genmux.dialects.openai_chat.client import OpenAIChatWire
from genmux.dialects.openai_chat.profile import Profile
from genmux.dialects.openai_embeddings.client import OpenAIEmbeddingsWire
from genmux.dialects.openai_embeddings.client import Profile as EmbeddingsProfile
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ConfigurationError
from genmux.types.usage import Usage

COST = "x-genmux-cost"
"""In this header of a whole answer the gateway says what it did cost, in US dollars."""


class GatewayChat(OpenAIChatWire):
    """Chat Completions as a genmux gateway speaks them."""

    def decode(self, reply: HttpReply, sent: Sent[ChatRequest]) -> ChatResult:
        """Read a successful reply, and what it did cost."""
        result = super().decode(reply, sent)
        return msgspec.structs.replace(result, usage=_with_cost(result.usage, reply.headers))


class GatewayEmbed(OpenAIEmbeddingsWire):
    """Embeddings as a genmux gateway speaks them."""

    def decode(self, reply: HttpReply, sent: Sent[EmbedRequest]) -> EmbedResult:
        """Read a successful reply, and what it did cost."""
        result = super().decode(reply, sent)
        return msgspec.structs.replace(result, usage=_with_cost(result.usage, reply.headers))


def gateway_provider(provider_id: str, url: str) -> Provider:
    """The gateway at `url`, by an id of its own. Raises ConfigurationError for what is no address."""
    if not url.startswith(("http://", "https://")):
        message = f"the gateway's address is {url!r}; it must begin with http:// or https://"
        raise ConfigurationError(message)
    root = url.rstrip("/").removesuffix("/v1")
    manifest = Manifest(
        spec=1,
        id=provider_id,
        name="A genmux gateway",
        description="Every model that the gateway offers.",
        requires_credentials=False,
        base_url=f"{root}/v1",
        credentials={"api_key": Credential(env=("GENMUX_KEY",), required=False)},
        errors={code: kind for kind, (_, _, code) in REFUSALS.items() if code is not None},
        model_defaults=ModelSpec(
            operations={
                "chat": "chat",
                "embed": "embed",
                "text_to_speech": "speech",
                "transcribe": "transcripts",
                "realtime": "sessions",
            },
            features=dict.fromkeys(FEATURES, Support.NATIVE) | {"count_tokens": Support.UNKNOWN},
        ),
        health=Probe(path="/models"),
        reports_cost=True,
    )
    wires = {
        "chat": GatewayChat(Profile()),
        "embed": GatewayEmbed(EmbeddingsProfile()),
        "speech": GatewaySpeech(),
        "transcripts": GatewayTranscripts(),
        "sessions": GatewaySessions(),
    }
    return Provider(manifest=manifest, wires=wires)


def _with_cost(usage: Usage, headers: Mapping[str, str]) -> Usage:
    return with_spent(usage, Spent(cost=headers.get(COST)))
