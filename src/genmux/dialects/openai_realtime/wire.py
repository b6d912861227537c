"""The half that faces a provider: opens sessions."""

from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Resume
from genmux.dialects.openai_realtime.codec import OpenAIRealtimeCodec
from genmux.dialects.openai_realtime.profile import Profile
from genmux.types.realtime import SessionConfig


class OpenAIRealtimeWire:
    """Sessions as one host of this dialect holds them."""

    def __init__(self, profile: Profile, capabilities: Capabilities) -> None:
        self.profile = profile
        self._capabilities = capabilities

    def capabilities(self, model: Model) -> Capabilities:
        """What the sessions of a model can do: of one host, all can do the same."""
        del model
        return self._capabilities

    def open(self, config: SessionConfig, model: Model, resume: Resume | None = None) -> OpenAIRealtimeCodec:
        """A codec for one connection. Raises MessageError for what the model cannot be set up with."""
        return OpenAIRealtimeCodec(config, model, resume, profile=self.profile, capabilities=self._capabilities)
