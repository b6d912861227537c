"""What the user has configured: `genmux.toml` and the environment."""

import math
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from genmux.contract.operations import OPERATIONS, Operation
from genmux.contract.toml_lines import describe
from genmux.types.errors import ConfigurationError

N = TypeVar("N", int, float, Decimal)

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["text", "json"]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Whole = Annotated[int, msgspec.Meta(ge=0)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One provider's own settings; `credentials` are its keys by the names in its manifest."""

    enabled: bool | None = None
    base_url: str | None = None
    max_concurrency: Annotated[int, msgspec.Meta(ge=1)] | None = None
    credentials: dict[str, str] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        """Everything but the keys."""
        fields = ", ".join(sorted(self.credentials))
        return f"ProviderSettings(enabled={self.enabled}, base_url={self.base_url!r}, credentials=<{fields}>)"


class Defaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What holds when a request does not say. `models` is by operation; times in seconds, `budget_limit` in US dollars."""

    models: dict[Operation, str] = msgspec.field(default_factory=dict)
    timeout: Positive | None = None
    retries: Whole | None = None
    budget_limit: Decimal | None = None


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the gateway listens and who may use it. `body_limit` is in bytes, `drain` in seconds."""

    host: str = "127.0.0.1"
    port: Port = 8484
    keys: tuple[str, ...] = ()
    body_limit: Annotated[int, msgspec.Meta(ge=1)] = 32 * 1024 * 1024
    drain: Annotated[float, msgspec.Meta(ge=0)] = 30.0

    def __repr__(self) -> str:
        """Everything but the keys."""
        return f"GatewaySettings(host={self.host!r}, port={self.port}, keys=<{len(self.keys)}>)"


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How loud the log is (`debug`, `info`, `warning`, `error`), and whether it is text or JSON."""

    level: Level | None = None
    form: Form = "text"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything in `genmux.toml`. `provider_paths` are folders with further manifests."""

    defaults: Defaults = Defaults()
    aliases: dict[str, str] = msgspec.field(default_factory=dict)
    providers: dict[str, ProviderSettings] = msgspec.field(default_factory=dict)
    provider_paths: tuple[str, ...] = ()
    gateway: GatewaySettings = GatewaySettings()
    log: LogSettings = LogSettings()


_OWN = frozenset(ProviderSettings.__struct_fields__)


def read_settings(environ: Mapping[str, str], *, path: str | Path | None = None) -> Settings:
    """Read the settings file, then let the environment have the last word.

    The file is `path`, else `$GENMUX_CONFIG`, else the first of `./genmux.toml` and `~/.config/genmux/genmux.toml` that
    exists. Raises ConfigurationError that names file, key and line of what is wrong, or the file that was asked for
    and is not there.
    """
    asked = path or environ.get("GENMUX_CONFIG")
    file = Path(asked) if asked else next((place for place in _places(environ) if place.is_file()), None)
    settings = Settings() if file is None else _read(file)
    return _with_environment(settings, environ)


def _places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".config")
    return (Path("genmux.toml"), Path(home) / "genmux" / "genmux.toml")


def _read(file: Path) -> Settings:
    try:
        text = file.expanduser().read_text("utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        message = f"{file}: cannot be read: {error.strerror or error}"
        raise ConfigurationError(message) from error
    except ValueError as error:  # what is no UTF-8, and what is no TOML; both name the place
        message = f"{file}: not valid TOML: {error}"
        raise ConfigurationError(message) from error
    if isinstance(sections := table.get("providers"), dict):
        table["providers"] = {name: _gathered(section) for name, section in sections.items()}
    try:
        settings = msgspec.convert(table, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(describe(str(file), text, str(error).replace(".credentials[...]", "[...]"))) from error
    if settings.defaults.budget_limit is not None and not _is_amount(settings.defaults.budget_limit):
        fault = f"{settings.defaults.budget_limit} is no amount of US dollars; give 0 or more"
        raise ConfigurationError(describe(str(file), text, f"{fault} - at `$.defaults.budget_limit`"))
    return settings


def _gathered(section: Any) -> Any:
    """What is no setting of ours in `[providers.ID]` is a field of its credential, such as `api_key`."""
    if not isinstance(section, dict) or not isinstance(named := section.get("credentials", {}), dict):
        return section  # the reader says what is wrong with it
    ours = {key: value for key, value in section.items() if key in _OWN}
    return {**ours, "credentials": {key: section[key] for key in section if key not in _OWN} | named}


def _with_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    spoken = {name: model for name in OPERATIONS if (model := environ.get(f"GENMUX_{name.upper()}_MODEL"))}
    told: dict[str, Any] = {
        "timeout": _number(environ, "GENMUX_TIMEOUT", float, lambda value: 0 < value < math.inf, "seconds above 0"),
        "retries": _number(environ, "GENMUX_RETRIES", int, lambda value: value >= 0, "a whole number from 0"),
        "budget_limit": _number(environ, "GENMUX_BUDGET_LIMIT", Decimal, _is_amount, "US dollars from 0"),
    }
    changes = {name: value for name, value in told.items() if value is not None}
    if spoken:
        changes["models"] = settings.defaults.models | spoken
    return msgspec.structs.replace(
        settings,
        defaults=msgspec.structs.replace(settings.defaults, **changes),
        gateway=_gateway(settings.gateway, environ.get("GENMUX_GATEWAY_KEYS")),
        log=_log(environ.get("GENMUX_LOG")) or settings.log,
    )


def _gateway(settings: GatewaySettings, keys: str | None) -> GatewaySettings:
    """With the keys of the environment in place of those of the file."""
    found = tuple(key.strip() for key in (keys or "").split(",") if key.strip())
    return msgspec.structs.replace(settings, keys=found) if found else settings


def _log(spoken: str | None) -> LogSettings | None:
    """`GENMUX_LOG` is LEVEL or LEVEL:FORM."""
    if not spoken:
        return None
    level, _, form = spoken.strip().lower().partition(":")
    try:
        return msgspec.convert({"level": level, "form": form or "text"}, LogSettings)
    except msgspec.ValidationError as error:
        message = (
            f"the environment variable GENMUX_LOG is {spoken!r}; it must be debug, info, warning or error,"
            " with :json or :text after it if you like"
        )
        raise ConfigurationError(message) from error


def _number(
    environ: Mapping[str, str], name: str, kind: Callable[[str], N], fits: Callable[[N], bool], what: str
) -> N | None:
    text = environ.get(name)
    if not text:
        return None
    try:
        value = kind(text)
        if fits(value):
            return value
    except (ValueError, ArithmeticError):
        pass
    message = f"the environment variable {name} is {text!r}; it must be {what}"
    raise ConfigurationError(message)


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and value >= 0
