"""Everything that is wrong with what is configured, in words."""

import difflib
from collections.abc import Iterator, Mapping

from genmux.contract.manifest import Credential, lacking_fields
from genmux.contract.operations import OPERATIONS, Operation
from genmux.flows.call.plan import Routes, route_faults
from genmux.services.prices.media import MediaCatalogue
from genmux.services.registry import Registry
from genmux.services.settings import AccountOptions, ProviderSettings, Settings
from genmux.types.errors import ProviderError


def config_faults(settings: Settings, registry: Registry, routes: Routes) -> Iterator[str]:
    """One sentence for each fault."""
    for name, own in settings.providers.items():
        yield from _provider_faults(name, own, registry)
    defaults = settings.defaults.models
    for operation in OPERATIONS:
        if (model := defaults.get(operation)) and (fault := _unresolved(routes, model, (operation,))):
            yield f"the default model for {operation}, {model!r}: {fault}"
    named = [(f"the alias {alias!r}", alias) for alias in settings.aliases]
    named += [
        (f"the route {name!r}", one.model) for name, route in settings.routes.items() for one in route.destinations
    ]
    for what, model in named:
        if fault := _unresolved(routes, model, OPERATIONS):
            yield f"{what}: {fault}"
    yield from route_faults(settings.routes, settings.aliases)
    for reference in settings.prices:
        yield from _price_faults(reference, registry)


def _price_faults(reference: str, registry: Registry) -> Iterator[str]:
    """Prices that no model can ever have. An open provider may have models that nobody lists, so any id may be right."""
    provider, _, name = reference.partition("/")
    told = f"genmux.toml has prices for {reference!r}"
    if not provider or not name:
        yield f"{told}; a model is named as provider/model"
        return
    media = MediaCatalogue()
    if not registry.is_registered(provider):
        known = {*registry.ids(), *media.providers()}
        if provider not in known:
            yield f"{told}, but there is no provider {provider!r}{_meant(provider, sorted(known))}"
        return
    try:
        manifest = registry.manifest(provider)
    except ProviderError:
        return  # told when it is used
    spelt = next((one for one in manifest.models if one.lower() == name.lower()), name)
    if spelt != name:
        yield f"{told}, but the model is called {provider}/{spelt}"
        return
    listed = {*manifest.models, *(one.id for one in media.models(provider))}
    if manifest.models_policy == "closed" and name not in listed:
        yield f"{told}, but {provider} has no such model{_meant(name, sorted(listed))}"


def _meant(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _provider_faults(name: str, own: ProviderSettings, registry: Registry) -> Iterator[str]:
    if not registry.is_registered(name):
        near = difflib.get_close_matches(name, registry.ids(), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        yield f"genmux.toml has settings for {name!r}, but there is no such provider{hint}"
        return
    if own.enabled is not False and (reason := registry.unavailable(name)):
        yield f"{name}: {reason}"
    try:
        known = registry.manifest(name).credentials
    except ProviderError:
        return  # told already
    for field in own.credentials:
        if field not in known and field != "api_key":
            names = (*known, *(one for one in ProviderSettings.__struct_fields__ if one != "credentials"))
            yield f"{name}: there is no setting `{field}`; there are {', '.join(names)}"
    for account, one in own.accounts.items():
        yield from (f"{name}: the account {account!r} {fault}" for fault in _account_faults(one, known))


def _account_faults(account: AccountOptions, known: Mapping[str, Credential]) -> Iterator[str]:
    settings = (*known, *(one for one in AccountOptions.__struct_fields__ if one != "credentials"))
    for field in account.credentials:
        if field not in known:
            yield f"has no setting `{field}`; there are {', '.join(settings)}"
    given = {field for field, value in account.credentials.items() if value.strip()}
    yield from (f"lacks `{field}`" for field in lacking_fields(known, given))


def _unresolved(routes: Routes, model: str, operations: tuple[Operation, ...]) -> str | None:
    """Why a name means no model for any of these operations."""
    faults: list[str] = []
    for operation in operations:
        try:
            if routes.members(model, operation):
                return None
        except ProviderError as error:
            faults.append(error.message)
    return faults[0] if faults else "no model can do anything"
