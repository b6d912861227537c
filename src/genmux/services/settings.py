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
from genmux.types.asset_settings import AssetSettings
from genmux.types.errors import ConfigurationError
from genmux.types.job_settings import JobSettings
from genmux.types.money import Price
from genmux.types.realtime_settings import RealtimeSettings
from genmux.types.routes import Route

N = TypeVar("N", int, float, Decimal)

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["text", "json"]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Whole = Annotated[int, msgspec.Meta(ge=0)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class AccountOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A further account of a provider (`[providers.X.accounts.NAME]`); `credentials` are its keys by the names in the manifest.

    The largest `priority` is used first; `weight` is for the rule `weighted`. `rates` are US dollars for one credit and
    `credits` how many there are, both by credit type.
    """

    enabled: bool = True
    priority: int = 0
    weight: Annotated[int, msgspec.Meta(ge=1)] = 1
    max_concurrency: Annotated[int, msgspec.Meta(ge=1)] | None = None
    plan: str | None = None
    rates: dict[str, Decimal] = msgspec.field(default_factory=dict)
    credits: dict[str, Decimal] = msgspec.field(default_factory=dict)
    credentials: dict[str, str] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        """Everything but the keys."""
        return f"AccountOptions(priority={self.priority}, credentials=<{', '.join(sorted(self.credentials))}>)"


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One provider's own settings; `credentials` are its keys by the names in its manifest, `accounts` further ones by name."""

    enabled: bool | None = None
    base_url: str | None = None
    max_concurrency: Annotated[int, msgspec.Meta(ge=1)] | None = None
    credentials: dict[str, str] = msgspec.field(default_factory=dict)
    accounts: dict[str, AccountOptions] = msgspec.field(default_factory=dict)

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
    """Where the gateway listens and who may use it.

    `body_limit` is in bytes; `body_idle`, the silence in which a caller may leave the gateway while it sends its body, and
    `drain` are in seconds. `origins` are web pages that may call (`https://app.example`). `model_files` lets callers name
    any model file of this machine; by default only where there are no keys, so that only its own user can call.
    `trusted_proxies` are addresses or networks in front of the gateway, whose `x-forwarded-for` is believed.
    `public_url` is the address under which providers and browsers reach it: webhooks come in there, and links lead there.
    `realtime` says how long and how many live sessions may be.
    """

    host: str = "127.0.0.1"
    port: Port = 8484
    keys: tuple[str, ...] = ()
    body_limit: Annotated[int, msgspec.Meta(ge=1)] = 32 * 1024 * 1024
    body_idle: Positive = 30.0
    drain: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    origins: tuple[str, ...] = ()
    model_files: bool | None = None
    trusted_proxies: tuple[str, ...] = ()
    public_url: str | None = None
    realtime: RealtimeSettings = RealtimeSettings()

    def __repr__(self) -> str:
        """Everything but the keys."""
        return f"GatewaySettings(host={self.host!r}, port={self.port}, keys=<{len(self.keys)}>)"


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How loud the log is (`debug`, `info`, `warning`, `error`), and whether it is text or JSON."""

    level: Level | None = None
    form: Form = "text"


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where accounts, keys, budgets and usage are kept.

    `url` is a file, `sqlite:///FILE`, `postgresql://…`, or `none`; without it, the gateway keeps them in a file of its own
    (`~/.local/share/genmux/genmux.db`), and a library client keeps nothing.
    """

    url: str | None = None


class AccountSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the key is kept that seals credentials, and after how many seconds balances are asked for again; 0 for never.

    Without `sealing`, the key is that of `GENMUX_SEALING_KEY`, else that of a file of the user's own.
    """

    sealing: Literal["env", "file", "keyring"] | None = None
    sync_seconds: Annotated[float, msgspec.Meta(ge=0)] = 3_600.0


LONGEST_KEPT = 36_500
"""Days: a century is as good as for ever, and no calendar ends in it."""


class UsageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How long usage rows are kept, in days, and whether prompts and answers are kept beside them, and for how long."""

    keep_days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_KEPT)] = 400
    content: bool = False
    content_days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_KEPT)] = 30


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where events may be sent to, and for how many days events and deliveries are kept.

    Private networks and this machine are out of bounds, but for `private_hosts`: host names, addresses or networks, each
    with or without a port (`10.1.0.0/16`, `hooks.lan:8080`). Without any keys the gateway has no user but its own, who
    may send to this machine. `proxy_resolves` leaves it to a proxy to find hosts that cannot be found here, and to keep out of
    private networks.
    """

    private_hosts: tuple[str, ...] = ()
    proxy_resolves: bool = False
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_KEPT)] = 30


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything in `genmux.toml`.

    `provider_paths` are folders with further manifests, seen from that file; `~/.config/genmux/providers` is one of them
    where it exists. `prices` are rows by model (`provider/model`), which come before all others, and
    `routes` are several models each under the name `route/NAME`.
    """

    defaults: Defaults = Defaults()
    aliases: dict[str, str] = msgspec.field(default_factory=dict)
    providers: dict[str, ProviderSettings] = msgspec.field(default_factory=dict)
    provider_paths: tuple[str, ...] = ()
    gateway: GatewaySettings = GatewaySettings()
    log: LogSettings = LogSettings()
    store: StoreSettings = StoreSettings()
    usage: UsageSettings = UsageSettings()
    accounts: AccountSettings = AccountSettings()
    jobs: JobSettings = JobSettings()
    assets: AssetSettings = AssetSettings()
    webhooks: WebhookSettings = WebhookSettings()
    prices: dict[str, tuple[Price, ...]] = msgspec.field(default_factory=dict)
    routes: dict[str, Route] = msgspec.field(default_factory=dict)


SHORT: dict[Operation, str] = {"text_to_speech": "speech", "transcribe": "transcription"}
"""Operations that have a shorter name in the environment, which comes before the long one: `GENMUX_SPEECH_MODEL`."""

_OWN = frozenset(ProviderSettings.__struct_fields__)
_OWN_OF_ACCOUNT = frozenset(AccountOptions.__struct_fields__)
_KINDS: dict[str, Any] = {
    "provider_paths": tuple[str, ...],
    "gateway": GatewaySettings,
    "log": LogSettings,
    "store": StoreSettings,
    "usage": UsageSettings,
    "accounts": AccountSettings,
    "jobs": JobSettings,
    "assets": AssetSettings,
    "webhooks": WebhookSettings,
    "prices": dict[str, tuple[Price, ...]],
    "routes": dict[str, Route],
}


def read_settings(environ: Mapping[str, str], *, path: str | Path | None = None) -> Settings:
    """Read the settings file, then let the environment have the last word.

    The file is `path`, else `$GENMUX_CONFIG`, else the first of `./genmux.toml` and `~/.config/genmux/genmux.toml` that
    exists. Raises ConfigurationError that names file, key and line of what is wrong, or the file that was asked for
    and is not there.
    """
    asked = path or environ.get("GENMUX_CONFIG")
    file = Path(asked) if asked else next((place for place in _places(environ) if place.is_file()), None)
    settings = Settings() if file is None else _read(file)
    return _with_environment(_with_own_providers(settings, environ), environ)


def _places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    return (Path("genmux.toml"), _own_folder(environ) / "genmux.toml")


def _own_folder(environ: Mapping[str, str]) -> Path:
    """Where the user's configuration of genmux is."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".config")
    return Path(home) / "genmux"


def _with_own_providers(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Manifests in `~/.config/genmux/providers` are found without being named."""
    folder = _own_folder(environ) / "providers"
    if not folder.is_dir():
        return settings
    return msgspec.structs.replace(settings, provider_paths=(*settings.provider_paths, str(folder)))


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
    reader = _Reader()
    settings = reader.settings(table)
    if reader.faults:
        raise ConfigurationError("; ".join(describe(str(file), text, fault) for fault in reader.faults))
    here = file.expanduser().parent
    folders = tuple(str(here / Path(folder).expanduser()) for folder in settings.provider_paths)
    return msgspec.structs.replace(settings, provider_paths=folders)


class _Reader:
    """Reads a table piece by piece, so that every fault is found and knows its place."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def settings(self, table: Mapping[str, Any]) -> Settings:
        changes: dict[str, Any] = {}
        for name, value in table.items():
            match name:
                case "defaults":
                    changes[name] = self._defaults(value)
                case "aliases":
                    changes[name] = self._names(value, name)
                case "providers":
                    changes[name] = {
                        provider: self._provider(section, f'providers."{provider}"')
                        for provider, section in self._table(value, name).items()
                    }
                case _ if name in _KINDS:
                    changes[name] = self._take(value, _KINDS[name], name)
                case _:
                    self._fault(f"there is no such setting; there are {', '.join(Settings.__struct_fields__)}", name)
        return msgspec.structs.replace(Settings(), **changes)

    def _defaults(self, value: Any) -> Defaults | None:
        table = self._table(value, "defaults")
        models = self._names(table.get("models", {}), "defaults.models")
        for name in models:
            if name not in OPERATIONS:
                self._fault(f"there is no such operation; there are {', '.join(OPERATIONS)}", f"defaults.models.{name}")
        read: Defaults | None = self._take({**table, "models": {}}, Defaults, "defaults")
        if read is None:
            return None
        if read.budget_limit is not None and not _is_amount(read.budget_limit):
            self._fault(f"{read.budget_limit} is no amount of US dollars; give 0 or more", "defaults.budget_limit")
        return msgspec.structs.replace(read, models=models)

    def _provider(self, value: Any, place: str) -> ProviderSettings | None:
        """What is no setting of ours in `[providers.ID]` is a field of its credential, such as `api_key`."""
        table = self._table(value, place)
        fields = {name: one for name, one in table.items() if name not in _OWN}
        named = self._names(table.get("credentials", {}), f"{place}.credentials")
        ours = {name: one for name, one in table.items() if name in _OWN}
        read: ProviderSettings | None = self._take({**ours, "credentials": {}, "accounts": {}}, ProviderSettings, place)
        accounts = {
            name: self._account(one, f'{place}.accounts."{name}"')
            for name, one in self._table(table.get("accounts", {}), f"{place}.accounts").items()
        }
        return read and msgspec.structs.replace(read, credentials=self._names(fields, place) | named, accounts=accounts)

    def _account(self, value: Any, place: str) -> AccountOptions | None:
        """The same for a further account."""
        table = self._table(value, place)
        fields = {name: one for name, one in table.items() if name not in _OWN_OF_ACCOUNT}
        named = self._names(table.get("credentials", {}), f"{place}.credentials")
        ours = {name: one for name, one in table.items() if name in _OWN_OF_ACCOUNT}
        read: AccountOptions | None = self._take({**ours, "credentials": {}}, AccountOptions, place)
        if read is None:
            return None
        for kind, amounts in (("rates", read.rates), ("credits", read.credits)):
            for name, amount in amounts.items():
                if not _is_amount(amount):
                    self._fault(f"{amount} is no amount; give 0 or more", f'{place}.{kind}."{name}"')
        return msgspec.structs.replace(read, credentials=self._names(fields, place) | named)

    def _table(self, value: Any, place: str) -> dict[str, Any]:
        return self._take(value, dict[str, Any], place) or {}

    def _names(self, value: Any, place: str) -> dict[str, str]:
        """A table of texts."""
        return {name: self._take(one, str, f'{place}."{name}"') for name, one in self._table(value, place).items()}

    def _take(self, value: Any, kind: Any, place: str) -> Any:
        try:
            return msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError as error:
            complaint, _, deeper = str(error).partition(" - at `$")
            self._fault(complaint.replace("`object`", "a table"), place + deeper.rstrip("`"))
            return None

    def _fault(self, complaint: str, place: str) -> None:
        self.faults.append(f"{complaint} - at `$.{place}`")


def _with_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    spoken: dict[Operation, str] = {}
    for name in OPERATIONS:
        for word in (name, SHORT.get(name, name)):
            if model := environ.get(f"GENMUX_{word.upper()}_MODEL"):
                spoken[name] = model
    told: dict[str, Any] = {
        "timeout": _number(environ, "GENMUX_TIMEOUT", float, lambda value: 0 < value < math.inf, "seconds above 0"),
        "retries": _number(environ, "GENMUX_RETRIES", int, lambda value: value >= 0, "a whole number from 0"),
        "budget_limit": _number(environ, "GENMUX_BUDGET_LIMIT", Decimal, _is_amount, "US dollars from 0"),
    }
    changes = {name: value for name, value in told.items() if value is not None}
    if spoken:
        changes["models"] = settings.defaults.models | spoken
    store = StoreSettings(url=environ["GENMUX_STORE"]) if environ.get("GENMUX_STORE") else settings.store
    return msgspec.structs.replace(
        settings,
        store=store,
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
