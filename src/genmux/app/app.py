"""All of genmux, put together for one process."""

import asyncio
import datetime
import itertools
import os
import random
import secrets
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from genmux.app.faults import config_faults
from genmux.contract.manifest import Manifest
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.child import LocalHost
from genmux.engine.child_queue import LocalEvent
from genmux.engine.engine import Engine
from genmux.engine.transport import Transport
from genmux.flows.call.door import Door, Keepers
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.health import HealthFlow
from genmux.flows.call.hosts import LocalHosts
from genmux.flows.call.journey import Journeys
from genmux.flows.call.plan import Routes, check_routes
from genmux.flows.call.target import Targets
from genmux.flows.estimates import EstimateFlow
from genmux.flows.voice.speaking import Speaking
from genmux.flows.voice.transcribing import Transcribing
from genmux.services.accounts import AccountDesk, AccountPool, ConfiguredAccounts
from genmux.services.catalog import Catalog
from genmux.services.credentials import Credentials
from genmux.services.estimates import Estimator
from genmux.services.events import EventBus
from genmux.services.keys import ClientSecrets, KeyRing
from genmux.services.prices import PriceBook, PriceList, bill
from genmux.services.registry import Registry
from genmux.services.routing import Board
from genmux.services.settings import Settings, read_settings
from genmux.services.tokens import TokenCounter
from genmux.services.totals import Totals
from genmux.types.accounts import Account
from genmux.types.errors import ConfigurationError
from genmux.types.version import VERSION

if TYPE_CHECKING:
    from genmux.app.keeping import Keeping
    from genmux.flows.job.importing import Importing
    from genmux.flows.voice.sessions import Sessions
    from genmux.services.audio.tools import LocalAudioTools

StoreRole = Literal["gateway", "worker", "library", "command"]
"""What opens a store: it is told to others who want the same one."""

NO_STORE = "none"
"""In place of a store's URL: nothing is kept."""


class App:
    """All of genmux, put together for one process. `aclose` frees what it holds.

    `settings` stand in place of the file at `config` (or the usual one); `keys` are credentials by provider id, which
    come before all others. `store` is where budgets, accounts and usage are kept (a file, or `postgresql://…`). `environ`
    and `transport` stand in for the process's own.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        config: str | Path | None = None,
        keys: Mapping[str, Mapping[str, str]] | None = None,
        store: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._store = store
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._opening = asyncio.Lock()
        self.now, self.new_id = utc_now, _ids()
        new_id = self.new_id
        self.environ = os.environ if environ is None else environ
        self.settings = read_settings(self.environ, path=config) if settings is None else settings
        own = self.settings.providers
        self.events = EventBus(utc_now, new_id)
        self.credentials = Credentials(self.environ, own, keys)
        self.registry = Registry(
            has_credentials=self._lacking,
            enabled=[name for name, one in own.items() if one.enabled is True],
            disabled=[name for name, one in own.items() if one.enabled is False],
            provider_paths=self.settings.provider_paths,
            on_event=self._registered,
        )
        self.catalog = Catalog(self.registry, aliases=self.settings.aliases, defaults=self.settings.defaults.models)
        self.prices = PriceBook(
            utc_now, self._price_provider, PriceList(cache_folder(self.environ)), overlay=self.settings.prices
        )
        self.totals = Totals()
        self.tokens = TokenCounter()
        self.engine = Engine(
            transport or AiohttpTransport(user_agent=f"genmux/{VERSION}"),
            concurrency={name: one.max_concurrency for name, one in own.items() if one.max_concurrency is not None},
        )
        self.targets = Targets(self.catalog, self.registry, self.credentials)
        self.hosts = LocalHosts(lambda: LocalHost(tell=self._loaded))
        self.estimator = estimator = Estimator(self.prices, self.tokens, bill)
        self.keepers = Keepers()
        self.keeping: Keeping | None = None
        self.ring = KeyRing(utc_now, configured=self.settings.gateway.keys)
        self._secret = secrets.token_bytes(32)
        self.client_secrets = ClientSecrets(self._signing, now=utc_now, random=secrets.token_bytes)
        self.standing = Board(time.monotonic)
        check_routes(self.settings.routes, self.settings.aliases)
        routes = Routes(
            self.settings.routes,
            models=self.catalog,
            aliases=self.settings.aliases,
            estimates=estimator,
            standing=self.standing,
            random=random.random,
            counter=self.tokens,
            defaults=self.settings.defaults.models,
        )
        door = Door(
            pricer=self.prices,
            estimates=estimator,
            counter=self.tokens,
            sums=self.totals,
            teller=self.events,
            keepers=self.keepers,
            new_id=new_id,
            clock=time.monotonic,
            now=utc_now,
        )
        configured = ConfiguredAccounts(self.registry, self.credentials, own)
        self.accounts = AccountPool(configured, utc_now, time.monotonic, self._account_changed)
        self.account_desk = AccountDesk(
            self.accounts, self.registry, self.engine, self.credentials, now=utc_now, new_id=new_id
        )
        journeys = Journeys(
            door, routes, self.targets, accounts=self.accounts, standing=self.standing, clock=time.monotonic
        )
        self.calls = CallFlow(door, journeys, self.engine, self.hosts, estimates=estimator, counter=self.tokens)
        self._tools: LocalAudioTools | None = None
        self._sessions: Sessions | None = None
        self.speaking = Speaking(self.calls, self.audio_tools)
        self.transcribing = Transcribing(self.calls, self.audio_tools)
        self.estimates = EstimateFlow(
            self.catalog, self.registry, self.prices, estimator, aliases=self.settings.aliases
        )
        self.health = HealthFlow(self.registry, self.credentials, self.engine, time.monotonic)

    async def open(self, *, role: StoreRole, about: str, usual: bool = False) -> None:
        """Open the store, so that budgets, keys, accounts and usage are kept there. What was opened stays open.

        It is what was given to this App, else, but not for a library, what the settings say, else with `usual` the file in
        its usual place. Raises ConfigurationError or StoreError.
        """
        url = self._store or (None if role == "library" else self.settings.store.url)
        if self.keeping is not None or url == NO_STORE or (url is None and not usual):
            return
        try:
            from genmux.app.keeping import open_keeping
        except ImportError as error:
            message = f'a store needs its extra: pip install "genmux[store]" ({error})'
            raise ConfigurationError(message) from error
        self.keeping = await open_keeping(self, url=url, role=role, about=about)

    async def ready(self) -> None:
        """Open the store that was given to this App, when that was not done yet; without one, nothing is kept."""
        if self._store is None or self.keeping is not None:
            return
        async with self._opening:
            await self.open(role="library", about="a program that uses genmux")

    async def ready_for_jobs(self) -> None:
        """Open the store that was given to this App, or else one of its own that goes when it is closed: a job needs one."""
        if self.keeping is not None:
            return
        if self._store is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="genmux-")
            self._store = Path(self._temporary.name) / "genmux.db"
        await self.ready()

    @property
    def waits(self) -> bool:
        """Whether a store was given that is not open yet, so that `ready` is to be awaited before calls."""
        return self._store is not None and self.keeping is None

    def kept(self) -> "Keeping":
        """What is kept in the store. Raises ConfigurationError where there is none."""
        if self.keeping is None:
            message = (
                "there is no store, so nothing is kept; a program gives one to its client (`store=`), a gateway has the one of"
                " GENMUX_STORE or of `url` in [store] of genmux.toml"
            )
            raise ConfigurationError(message)
        return self.keeping

    def importing(self) -> "Importing":
        """What adopts files that accounts had made before. Raises ConfigurationError where nothing is kept."""
        from genmux.flows.job.importing import Importing

        kept = self.kept()
        return Importing(
            providers=self.registry,
            places=self.credentials,
            accounts=self.accounts,
            engine=self.engine,
            shelf=kept.assets.shelf,
            collector=kept.assets.collector,
            had_tickets=kept.had_tickets,
        )

    def audio_tools(self) -> "LocalAudioTools":
        """What knows sound; its libraries are imported here. Raises ConfigurationError where they are missing."""
        if self._tools is None:
            try:
                from genmux.services.assets.media.signatures import media_type_of
                from genmux.services.audio.tools import LocalAudioTools
            except ImportError as error:
                message = f'sound needs its extra: pip install "genmux[media]" ({error})'
                raise ConfigurationError(message) from error
            self._tools = LocalAudioTools(media_type_of)
        return self._tools

    @property
    def sessions(self) -> "Sessions":
        """Who makes live sessions. Raises ConfigurationError where the libraries for sound are missing."""
        if self._sessions is None:
            try:
                from genmux.app.voice import sessions_of
            except ImportError as error:
                message = f'live sessions need their extra: pip install "genmux[media]" ({error})'
                raise ConfigurationError(message) from error
            self._sessions = sessions_of(self)
        return self._sessions

    async def _signing(self) -> tuple[bytes, ...]:
        """What is signed with: the keys of the store, which all of its gateways know, else one of this process."""
        kept = () if self.keeping is None else await self.keeping.secrets()
        return kept or (self._secret,)

    def _registered(self, type_: str, data: dict[str, Any]) -> None:
        """What was looked up before may mean something else now."""
        for keeper in (self.catalog, self.targets, self.prices, self.accounts):
            keeper.forget()
        self.events.publish(type_, provider=data.get("provider"), data=data)

    def _lacking(self, manifest: Manifest) -> str | None:
        """What keeps a provider from being used: neither the usual credential nor another account."""
        lack = self.credentials.missing(manifest)
        return lack if lack and not self.accounts.several(manifest.id) else None

    def _account_changed(self, type_: str, account: Account) -> None:
        """Something happened to an account."""
        self.events.publish(
            type_,
            provider=account.provider,
            subject=account.id,
            data={"account": account.name},
            tenant=account.tenant,
        )

    def _loaded(self, event: LocalEvent) -> None:
        """Something happened to an embedded model."""
        data = {"pid": event.pid, "seconds": event.seconds, "reason": event.reason}
        self.events.publish(event.type, provider=event.provider, model=event.model, data=data)

    def _price_provider(self, provider_id: str) -> str | None:
        return self.registry.manifest(provider_id).price_provider

    def config_faults(self) -> Iterator[str]:
        """Everything that is wrong with what is configured, in words."""
        return config_faults(self.settings, self.registry, self.calls.journeys.routes)

    async def leave(self) -> None:
        """Close what belongs to the running event loop, which is about to end; other loops go on."""
        if self.keeping is not None:
            await self.keeping.leave()
        await self.hosts.leave()
        await self.engine.leave()

    async def aclose(self) -> None:
        """Close all connections, stop the embedded engines, and book what is left. May be called again."""
        keeping, self.keeping = self.keeping, None
        if keeping is not None:
            await keeping.aclose()
        await self.hosts.aclose()
        await self.engine.aclose()
        tools, self._tools = self._tools, None
        if tools is not None:
            tools.close()
        if self._temporary is not None:
            self._temporary.cleanup()


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Where what can be made again is kept; None for somebody without a home."""
    chosen, home = environ.get("XDG_CACHE_HOME"), environ.get("HOME")
    if chosen:
        return Path(chosen) / "genmux"
    return Path(home) / ".cache" / "genmux" if home else None


def utc_now() -> datetime.datetime:
    """The time."""
    return datetime.datetime.now(datetime.UTC)


def _ids() -> Callable[[], str]:
    """Gives ids that nobody else gives: a beginning by chance, and a number."""
    beginning, numbers = uuid.uuid4().hex[:20], itertools.count()
    return lambda: f"{beginning}{next(numbers):012x}"
