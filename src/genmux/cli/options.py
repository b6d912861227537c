"""Options that many commands share."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from genmux.client.params import ChatParams

Switch = Parameter(negative="", show_default=False)
"""An option without a value; it is off unless it is given."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command understands."""

    config: Annotated[Path | None, Parameter(help="Another genmux.toml than the usual one.")] = None
    json: Annotated[bool, Switch, Parameter(help="Print JSON.")] = False
    verbose: Annotated[bool, Switch, Parameter(name=("--verbose", "-v"), help="Log to standard error.")] = False


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Reach(Common):
    """Which gateway a command speaks with; by default the one that runs on this machine, else none but this process."""

    gateway: Annotated[
        str | None,
        Parameter(name="--gateway", help="The URL of a running gateway; also from GENMUX_GATEWAY."),
    ] = None
    key: Annotated[
        str | None,
        Parameter(name="--key", help="The gateway's key; better in GENMUX_KEY, where nobody sees it."),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a chat is asked with."""

    model: Annotated[
        str | None, Parameter(name=("--model", "-m"), help="provider/model, an alias, or a bare name.")
    ] = None
    system: Annotated[str | None, Parameter(name=("--system", "-s"), help="Instructions for the model.")] = None
    image: Annotated[
        tuple[str, ...],
        Parameter(name=("--image", "-i"), help="A picture: path or URL. Repeatable.", negative="", show_default=False),
    ] = ()
    schema: Annotated[Path | None, Parameter(help="A JSON Schema file that the answer must fit.")] = None
    max_tokens: Annotated[int | None, Parameter(help="The longest answer, in tokens.")] = None
    temperature: Annotated[float | None, Parameter(help="How freely words are chosen; 0 is the least.")] = None
    seed: Annotated[int | None, Parameter(help="The same seed gives the same answer, where models can.")] = None
    reasoning: Annotated[str | None, Parameter(help="How much to think: low, medium, high.")] = None
    timeout: Annotated[float | None, Parameter(help="Seconds for the whole call.")] = None
    budget_limit: Annotated[Decimal | None, Parameter(help="The most it may cost, in US dollars.")] = None

    def params(self) -> "ChatParams":
        """As keywords of the client's calls. Raises InvalidRequestError for a schema file that cannot be read."""
        from genmux.cli.files import read_schema

        told: ChatParams = {
            "model": self.model,
            "system": self.system,
            "images": self.image,
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": self.seed,
            "reasoning": self.reasoning,
            "timeout": self.timeout,
            "budget_limit": self.budget_limit,
        }
        if self.schema is not None:
            told["output"] = read_schema(self.schema)
        return told
