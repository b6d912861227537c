"""A model as wires see it: which one, whose, where, with what limits."""

import msgspec

from genmux.contract.features import Support
from genmux.contract.manifest import Limits, ModelSpec


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model of one provider, ready to be called. `id` is ours, `wire_id` what the provider calls it."""

    provider: str
    id: str
    wire_id: str
    spec: ModelSpec
    base_url: str = ""
    listed: bool = True

    @property
    def reference(self) -> str:
        """`provider/model`, by which people name it."""
        return f"{self.provider}/{self.id}"

    @property
    def origin(self) -> str:
        """Whose opaque state this is: provider and model family."""
        return f"{self.provider}/{self.spec.family}" if self.spec.family else self.provider

    @property
    def limits(self) -> Limits:
        """What the model can take."""
        return self.spec.limits

    def support(self, feature: str) -> Support:
        """How well the model has a feature; `unknown` when nobody said."""
        return self.spec.features.get(feature, Support.UNKNOWN)
