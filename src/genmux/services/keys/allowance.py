"""Whether a key may be used for something."""

import functools
import ipaddress
from collections.abc import Iterable
from fnmatch import fnmatchcase

from genmux.contract.model import Model
from genmux.types.errors import PermissionDeniedError
from genmux.types.keys import Allowance
from genmux.types.principal import Principal


def check_allowed(principal: Principal, model: Model, operation: str, *, name: str | None = None) -> None:
    """Raise PermissionDeniedError, which says what is allowed, when the caller may not ask this of the model.

    `name` is what the caller called the model: an alias or a route may be allowed by its own name.
    """
    allow = principal.allow
    if allow is None:
        return
    if fault := _fault(allow, model.provider, model.reference, operation, name):
        raise PermissionDeniedError(fault, status=403, param="model", provider=model.provider, model=model.id)


def may_name(principal: Principal, name: str, model: Model | None) -> bool:
    """Whether the caller may ask anything at all of a model by this name; of one that is not known, whether its name is allowed."""
    allow = principal.allow
    if allow is None:
        return True
    if model is None:
        return not allow.models or any(fnmatchcase(name, pattern) for pattern in allow.models)
    return may_use(principal, model.reference, model.spec.operations, name=name)


def may_use(principal: Principal, reference: str, operations: Iterable[str], *, name: str | None = None) -> bool:
    """Whether the caller may ask one of these operations of a model (`provider/model`), which may have another name too."""
    allow, provider = principal.allow, reference.partition("/")[0]
    return allow is None or any(_fault(allow, provider, reference, one, name) is None for one in operations)


def check_address(allow: Allowance, address: str | None) -> None:
    """Raise PermissionDeniedError when a key may not be used from an address; one that is not known is none of them."""
    if allow.networks and not _within(allow.networks, address):
        message = (
            f"this key may not be used from {address or 'an unknown address'}, only from {', '.join(allow.networks)}"
        )
        raise PermissionDeniedError(message, status=403)


def is_within(address: str | None, networks: tuple[str, ...]) -> bool:
    """Whether an address belongs to one of the networks; an IPv4 address may be written as IPv6."""
    return _within(networks, address)


@functools.lru_cache(4_096)
def _fault(allow: Allowance, provider: str, reference: str, operation: str, name: str | None) -> str | None:
    if allow.operations and operation not in allow.operations:
        return f"this key may not {operation}; it may: {', '.join(allow.operations)}"
    if allow.providers and provider not in allow.providers:
        return f"this key may not use the provider {provider}; it may use: {', '.join(allow.providers)}"
    names = (reference,) if name is None else (reference, name)
    if allow.models and not any(fnmatchcase(one, pattern) for one in names for pattern in allow.models):
        return f"this key may not use the model {name or reference}; it may use: {', '.join(allow.models)}"
    return None


@functools.lru_cache(4_096)
def _within(networks: tuple[str, ...], address: str | None) -> bool:
    try:
        found = ipaddress.ip_address((address or "").strip("[]"))
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in map(ipaddress.ip_network, networks))
