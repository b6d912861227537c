"""What the user has configured: `genmux.toml` and the environment."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from genmux.contract.operations import OPERATIONS
from genmux.contract.toml_lines import describe
from genmux.types.errors import ConfigurationError


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One provider's own settings; `credentials` are its keys by the names in its manifest."""

    enabled: bool | None = None
    base_url: str | None = None
    max_concurrency: int | None = None
    credentials: dict[str, str] = msgspec.field(default_factory=dict)


class Defaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What holds when a request does not say. `models` is by operation; times in seconds, `budget_limit` in US dollars."""

    models: dict[str, str] = msgspec.field(default_factory=dict)
    timeout: float | None = None
    retries: int | None = None
    budget_limit: Decimal | None = None


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the gateway listens and who may use it. `body_limit` is in bytes, `drain` in seconds."""

    host: str = "127.0.0.1"
    port: int = 8484
    keys: tuple[str, ...] = ()
    body_limit: int = 32 * 1024 * 1024
    drain: float = 30.0


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How loud the log is (`debug`, `info`, `warning`, `error`), and whether it is text or JSON."""

    level: str | None = None
    form: str = "text"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything in `genmux.toml`. `provider_paths` are folders with further manifests."""

    defaults: Defaults = Defaults()
    aliases: dict[str, str] = msgspec.field(default_factory=dict)
    providers: dict[str, ProviderSettings] = msgspec.field(default_factory=dict)
    provider_paths: tuple[str, ...] = ()
    gateway: GatewaySettings = GatewaySettings()
    log: LogSettings = LogSettings()


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
        text = file.read_text("utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{file}: {error}"
        raise ConfigurationError(message) from error
    for section in table.get("providers", {}).values():
        _gather_credentials(section)
    try:
        return msgspec.convert(table, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(describe(str(file), text, str(error))) from error


def _gather_credentials(section: Any) -> None:
    """What is no setting of ours in `[providers.ID]` is a field of its credential, such as `api_key`."""
    if isinstance(section, dict):
        ours = set(ProviderSettings.__struct_fields__)
        fields = {key: section.pop(key) for key in [*section] if key not in ours}
        section["credentials"] = {**fields, **section.get("credentials", {})}


def _with_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    models = dict(settings.defaults.models)
    models |= {name: value for name in OPERATIONS if (value := environ.get(f"GENMUX_{name.upper()}_MODEL"))}
    changes = {
        "timeout": _number(environ, "GENMUX_TIMEOUT", float),
        "retries": _number(environ, "GENMUX_RETRIES", int),
        "budget_limit": _number(environ, "GENMUX_BUDGET_LIMIT", Decimal),
    }
    told = {name: value for name, value in changes.items() if value is not None}
    defaults = msgspec.structs.replace(settings.defaults, models=models, **told)
    keys = environ.get("GENMUX_GATEWAY_KEYS")
    gateway = settings.gateway
    if keys:
        gateway = msgspec.structs.replace(gateway, keys=tuple(key.strip() for key in keys.split(",") if key.strip()))
    log = settings.log
    if spoken := environ.get("GENMUX_LOG"):
        level, _, form = spoken.partition(":")
        log = LogSettings(level=level or None, form=form or "text")
    return msgspec.structs.replace(settings, defaults=defaults, gateway=gateway, log=log)


def _number(
    environ: Mapping[str, str], name: str, kind: type[float] | type[int] | type[Decimal]
) -> float | Decimal | None:
    value = environ.get(name)
    if not value:
        return None
    try:
        return kind(value)
    except (ValueError, ArithmeticError) as error:
        message = f"the environment variable {name} is {value!r}; it must be a number"
        raise ConfigurationError(message) from error
