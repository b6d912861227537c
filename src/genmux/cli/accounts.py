"""`genmux accounts`: several credentials for each provider, what is left of their credits, and who may use them."""

import datetime
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from rich.text import Text

from genmux.cli.api import admin
from genmux.cli.console import harmless, note, out, print_json, show_facts, show_table
from genmux.cli.files import piped
from genmux.cli.options import Reach, Switch
from genmux.types.errors import InvalidRequestError, NotFoundError

if TYPE_CHECKING:
    from genmux.cli.api import Api

accounts = App(name="accounts", help="Several accounts at each provider: their keys, credits, and who may use them.")

STYLES = {"active": "green", "disabled": "dim", "revoked": "red", "exhausted": "yellow"}

Which = Annotated[str, Parameter(help="The account: its id, or provider/name.")]
Pairs = Parameter(negative="", show_default=False)
"""An option that may be given more than once, as NAME=VALUE."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Terms:
    """How an account is used."""

    priority: Annotated[int | None, Parameter(help="The largest is used first; 0 by default.")] = None
    weight: Annotated[int | None, Parameter(help="Its share where accounts are used by weight.")] = None
    max_concurrency: Annotated[int | None, Parameter(help="The most requests at once.")] = None
    plan: Annotated[str | None, Parameter(help="The name of its plan at the provider.")] = None
    identity: Annotated[str | None, Parameter(help="Its e-mail address or id at the provider.")] = None
    owner: Annotated[str | None, Parameter(help="The team or key, by id, to which it belongs.")] = None
    rate: Annotated[tuple[str, ...], Pairs, Parameter(help="US dollars for one credit, as TYPE=AMOUNT.")] = ()
    credits: Annotated[tuple[str, ...], Pairs, Parameter(help="How many credits it has, as TYPE=AMOUNT.")] = ()
    expires: Annotated[datetime.datetime | None, Parameter(help="When its key expires, in UTC.")] = None
    share: Annotated[
        bool, Switch, Parameter(help="Share it, with everybody in the organisation or with those named.")
    ] = False
    share_team: Annotated[tuple[str, ...], Pairs, Parameter(help="Share it with this team. Repeatable.")] = ()
    share_key: Annotated[
        tuple[str, ...], Pairs, Parameter(help="Share it with this gateway key, by id. Repeatable.")
    ] = ()
    share_organisation: Annotated[
        tuple[str, ...], Pairs, Parameter(help="Share it with this organisation, * for all. Only root may. Repeatable.")
    ] = ()
    private: Annotated[bool, Switch, Parameter(help="Share it with nobody any more.")] = False

    def body(self) -> dict[str, Any]:
        """As the body of the native API; only what was said."""
        plain = ("priority", "weight", "max_concurrency", "plan", "identity", "owner")
        told: dict[str, Any] = {name: value for name in plain if (value := getattr(self, name)) is not None}
        if self.rate:
            told["rates"] = _pairs(self.rate, "--rate")
        if self.credits:
            told["credits"] = _pairs(self.credits, "--credits")
        if self.expires is not None:
            told["expires_at"] = self.expires
        grants = {"teams": self.share_team, "keys": self.share_key, "organisations": self.share_organisation}
        shared = self.share or any(grants.values())
        if shared and self.private:
            raise InvalidRequestError("--private and --share are opposites; give one of them")
        if shared or self.private:
            told |= {"sharing": "shared" if shared else "private", "grants": grants}
        return told


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Secret:
    """Where the credential comes from; never an argument, which others on this machine could see."""

    credential_file: Annotated[
        Path | None,
        Parameter(help="A file with the key, or with lines FIELD=VALUE; otherwise it is piped in or asked for."),
    ] = None
    field: Annotated[str, Parameter(help="Which field of the credential a bare key is.")] = "api_key"

    def read(self, *, asked: str | None) -> dict[str, str]:
        """The credential; empty when there is none. With `asked`, a person at the terminal is asked for it."""
        text = self._text(asked)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) == 1 and not _is_pair(lines[0]):
            return {self.field: lines[0]}
        if wrong := [number for number, line in enumerate(lines, start=1) if not _is_pair(line)]:
            message = f"line {wrong[0]} of the credential is not FIELD=VALUE"
            raise InvalidRequestError(message, param="credential")
        return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}

    def _text(self, asked: str | None) -> str:
        if self.credential_file is not None:
            try:
                return self.credential_file.expanduser().read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
                message = f"the credential file {self.credential_file} cannot be read: {reason}"
                raise InvalidRequestError(message, param="credential_file") from None
        if asked is not None and sys.stdin is not None and sys.stdin.isatty():
            from getpass import getpass

            return getpass(asked)
        return piped()


def _is_pair(line: str) -> bool:
    name, equals, value = line.partition("=")
    return bool(equals and value.strip("= ") and name.strip().replace("_", "").isalnum() and name.strip().islower())


def _pairs(told: tuple[str, ...], option: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in told]
    if wrong := [name for name, equals, value in pairs if not (name.strip() and equals and value.strip())]:
        message = f"{option} takes TYPE=AMOUNT, such as credits=100; it got {wrong[0]!r}"
        raise InvalidRequestError(message)
    return {name.strip(): value.strip() for name, _, value in pairs}


@accounts.command(name="list")
def list_(
    provider: Annotated[str | None, Parameter(help="Only of this provider.")] = None,
    /,
    *,
    status: Annotated[str | None, Parameter(help="Only active, disabled, revoked or exhausted ones.")] = None,
    tenant: Annotated[str | None, Parameter(help="Only of this organisation.")] = None,
    common: Reach | None = None,
) -> None:
    """List accounts, how they stand, and what is left of their credits."""
    common = common or Reach()
    with admin(common) as api:
        found = api.get("/accounts", provider=provider, status=status, tenant=tenant)["data"]
    if common.json:
        print_json(found)
    elif not found:
        note("There are no accounts; `genmux accounts add PROVIDER NAME` adds one.")
    else:
        show_table(("account", "state", "credits", "used", "last used"), [_row(one) for one in found])


def _row(one: dict[str, Any]) -> tuple[str | Text, ...]:
    state = one.get("status", "active")
    good, bad = one.get("successes", 0), one.get("failures", 0)
    rate = f"{good + bad:,} ({good / (good + bad):.0%} well)" if good + bad else ""
    return (
        f"{one['provider']}/{one['name']}",
        Text.assemble((state, STYLES[state]), (_pause(one), "dim")),
        ", ".join(_balance(kind, balance) for kind, balance in one.get("balances", {}).items()),
        rate,
        (one.get("last_used") or "")[:16].replace("T", " "),
    )


def _pause(one: dict[str, Any]) -> str:
    until = one.get("cooldown_until")
    return f" until {until[:16].replace('T', ' ')}" if until else ""


def _balance(kind: str, balance: dict[str, Any]) -> str:
    unit = balance.get("unit", "credits")
    amount = f"{balance['amount']} {unit}"
    return amount if kind == unit else f"{amount} ({kind})"


@accounts.command
def show(account: Which, /, *, common: Reach | None = None) -> None:
    """Show one account; never its credential."""
    common = common or Reach()
    with admin(common) as api:
        _tell(_find(api, account), common)


@accounts.command
def add(
    provider: Annotated[str, Parameter(help="The provider's id.")],
    name: Annotated[str, Parameter(help="What the account is to be called.")],
    /,
    *,
    tenant: Annotated[str | None, Parameter(help="The organisation that it belongs to.")] = None,
    secret: Secret | None = None,
    terms: Terms | None = None,
    common: Reach | None = None,
) -> None:
    """Add an account. Its key is piped in, in a file, or asked for: `genmux accounts add openai work < key.txt`."""
    common = common or Reach()
    with admin(common) as api:
        credential = (secret or Secret()).read(asked=f"Key of {provider}/{name}: ")
        body = {"provider": provider, "name": name, "credential": credential, **(terms or Terms()).body()}
        _tell(api.post("/accounts", body, tenant=tenant), common)


@accounts.command
def update(
    account: Which,
    /,
    *,
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    new_key: Annotated[
        bool, Switch, Parameter(help="Ask for a new key; one that is piped in is taken anyway.")
    ] = False,
    secret: Secret | None = None,
    terms: Terms | None = None,
    common: Reach | None = None,
) -> None:
    """Change an account. A new key is piped in, in a file, or asked for with --new-key."""
    common = common or Reach()
    with admin(common) as api:
        body = (terms or Terms()).body() | ({"name": name} if name else {})
        if credential := (secret or Secret()).read(asked=f"New key of {account}: " if new_key else None):
            body["credential"] = credential
        if not body:
            raise InvalidRequestError("there is nothing to change; `genmux accounts update --help` lists what can be")
        _tell(api.patch(f"/accounts/{_find(api, account)['id']}", body), common)


@accounts.command
def remove(account: Which, /, *, common: Reach | None = None) -> None:
    """Remove an account with its key; requests that use it go on."""
    common = common or Reach()
    with admin(common) as api:
        found = _find(api, account)
        api.delete(f"/accounts/{found['id']}")
        if common.json:
            print_json({"removed": found["id"]})
        else:
            out.print(f"{found['provider']}/{found['name']} is removed")


@accounts.command
def enable(account: Which, /, *, common: Reach | None = None) -> None:
    """Let an account be used, also one that was revoked or exhausted."""
    _do(account, "enable", common or Reach())


@accounts.command
def disable(account: Which, /, *, common: Reach | None = None) -> None:
    """Let nothing new use an account."""
    _do(account, "disable", common or Reach())


@accounts.command
def sync(
    account: Annotated[str | None, Parameter(help="The account: its id, or provider/name; all without it.")] = None,
    /,
    *,
    common: Reach | None = None,
) -> None:
    """Ask providers what is left of credits."""
    common = common or Reach()
    if account is not None:
        _do(account, "sync", common)
        return
    with admin(common) as api:
        done = api.post("/accounts/sync")
        if common.json:
            print_json(done)
        else:
            out.print(f"{done['accounts']} accounts were told")


@accounts.command
def webhook(account: Which, /, *, common: Reach | None = None) -> None:
    """Tell the address to enter at a provider that has one webhook for all jobs of an account, such as PixVerse."""
    common = common or Reach()
    with admin(common) as api:
        told = api.get(f"/accounts/{_find(api, account)['id']}/webhook")
    if common.json:
        print_json(told)
    else:
        out.print(told["url"])


@accounts.command
def reseal(*, common: Reach | None = None) -> None:
    """Seal all keys with a new sealing key. Stop other gateways first, or let them see the new key."""
    common = common or Reach()
    with admin(common) as api:
        done = api.post("/accounts/reseal")
        if common.json:
            print_json(done)
        else:
            out.print(f"{done['accounts']} credentials are sealed anew")


def _do(account: str, action: str, common: Reach) -> None:
    with admin(common) as api:
        _tell(api.post(f"/accounts/{_find(api, account)['id']}/{action}"), common)


def _find(api: "Api", account: str) -> dict[str, Any]:
    """An account by its id or as provider/name. Raises NotFoundError."""
    provider, slash, name = account.partition("/")
    if not slash:
        return api.get(f"/accounts/{account}")
    found = [one for one in api.get("/accounts", provider=provider)["data"] if one["name"] == name]
    if len(found) > 1:
        ids = ", ".join(f"{one['id']} ({one['tenant']})" for one in found)
        message = f"several organisations have an account {account}: {ids}; name it by its id"
        raise InvalidRequestError(message, param="account")
    if not found:
        message = f"there is no account {account}; `genmux accounts list` lists them"
        raise NotFoundError(message, provider=provider)
    return found[0]


def _tell(one: dict[str, Any], common: Reach) -> None:
    """One account for people, or as JSON."""
    if common.json:
        print_json(one)
        return
    hidden = {"provider", "name", "balances", "grants", "rates"}
    facts = [("account", f"{one['provider']}/{one['name']}"), ("status", one.get("status", "active"))]
    facts += [
        (name.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value))
        for name, value in one.items()
        if name not in hidden | {"status"} and value not in (None, [], "")
    ]
    for kind, balance in one.get("balances", {}).items():
        told = f"{balance['amount']} {balance.get('unit', 'credits')} ({balance.get('source', 'stated')})"
        facts.append((f"left of {kind}", told))
    facts += [(f"rate of {kind}", f"${rate} each") for kind, rate in one.get("rates", {}).items()]
    facts += [(f"shared with {kind}", ", ".join(names)) for kind, names in one.get("grants", {}).items() if names]
    show_facts([(name, harmless(value)) for name, value in facts])
