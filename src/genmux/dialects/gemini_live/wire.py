"""The half that faces a provider: opens sessions."""

from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Resume
from genmux.dialects.gemini_live.codec import GeminiLiveCodec
from genmux.dialects.gemini_live.profile import Profile
from genmux.types.realtime import SessionConfig


class GeminiLiveWire:
    """Sessions as one host of this dialect holds them."""

    def __init__(self, profile: Profile, capabilities: Capabilities) -> None:
        self.profile = profile
        self._capabilities = capabilities

    def capabilities(self, model: Model) -> Capabilities:
        """What the sessions of a model can do: those of one wire can all do the same."""
        del model
        return self._capabilities

    def open(self, config: SessionConfig, model: Model, resume: Resume | None = None) -> GeminiLiveCodec:
        """A codec for one connection. Raises MessageError for what the model cannot be set up with."""
        return GeminiLiveCodec(config, model, resume, profile=self.profile, capabilities=self._capabilities)
