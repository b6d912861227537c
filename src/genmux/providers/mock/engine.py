"""The simulator as an embedded engine: models that answer at once, on this machine, for nothing."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from genmux.contract.model import Model
from genmux.providers.mock.answer import BEHAVIORS
from genmux.providers.mock.loaded import FAULT_MODEL, LoadedMock, Options
from genmux.providers.mock.media import MODELS
from genmux.providers.mock.recorder import Recorder
from genmux.providers.mock.script import Player, read_script
from genmux.providers.mock.voice import MODELS as VOICES
from genmux.types.errors import ConfigurationError, NotFoundError

EMBED = "embed"


class MockEngine:
    """Loads the simulator's models. `recorder` keeps what they are asked."""

    isolation: Literal["process", "inline"] = "inline"

    def __init__(self, *, recorder: Recorder | None = None) -> None:
        self.recorder = recorder or Recorder()

    def load(self, model: Model, options: Mapping[str, str]) -> "LoadedMock":
        """A model that is ready to answer. Raises NotFoundError, or ConfigurationError for an option that is wrong."""
        known = {name: value for name, value in options.items() if name in Options.__struct_fields__}
        try:
            read = msgspec.convert(known, Options, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"an option of the provider mock is wrong: {error}", provider="mock") from error
        player = Player(read_script(read.script)) if read.script else None
        name = model.wire_id
        known_name = name in BEHAVIORS or name == EMBED or name in MODELS or name in VOICES
        if not (known_name or name.startswith(FAULT_MODEL) or (player and player.names(name))):
            raise NotFoundError(
                f"mock has no model {name!r}; it has: {', '.join([*BEHAVIORS, EMBED, *MODELS, *VOICES])}, and {FAULT_MODEL}NAME for every fault",
                provider="mock",
                model=name,
                param="model",
            )
        return self.loaded(name, origin=model.origin, options=read, player=player)

    def loaded(
        self, name: str, *, origin: str = "mock", options: Options | None = None, player: Player | None = None
    ) -> "LoadedMock":
        """A model of any name; one that is not known answers like `echo`."""
        return LoadedMock(name, origin=origin, options=options or Options(), player=player, recorder=self.recorder)
