"""Who calls the native API, and what of it he may manage."""

from collections.abc import MutableMapping
from typing import Any, Protocol

import msgspec

from genmux.types.errors import AuthenticationError, NotFoundError, PermissionDeniedError
from genmux.types.principal import Principal

PRINCIPAL = "genmux.principal"
"""Under this name the gateway puts the caller into the ASGI scope."""

ADDRESS = "genmux.address"
"""And under this one where the caller is."""


class Called(Protocol):
    """A request with its ASGI scope, such as Litestar's."""

    @property
    def scope(self) -> Any:
        """What the ASGI server and the gateway know of it."""
        ...


def caller_of(request: Called) -> Principal:
    """Who calls, and from where. Raises AuthenticationError when nobody looked."""
    scope: MutableMapping[str, Any] = request.scope
    found = scope.get(PRINCIPAL)
    if not isinstance(found, Principal):
        message = "this request did not come through the gateway's door"
        raise AuthenticationError(message, status=401)
    return msgspec.structs.replace(found, address=scope.get(ADDRESS))


def require_admin(request: Called, tenant: str | None = None) -> Principal:
    """The caller, who must be an admin of `tenant` (of its own organisation where that is None), or root.

    Raises PermissionDeniedError for members, and NotFoundError for an organisation that is not the caller's: whether there
    is such a one is nobody else's business.
    """
    caller = caller_of(request)
    if caller.role not in ("admin", "root"):
        message = "this key is a member's: it makes calls; ask an admin of your organisation for what it must not do"
        raise PermissionDeniedError(message, status=403)
    if tenant is not None:
        _check_own(caller, tenant)
    return caller


def require_root(request: Called) -> Principal:
    """The caller, who must be root. Raises PermissionDeniedError."""
    caller = caller_of(request)
    if caller.role != "root":
        message = "only root may do this: a key of genmux.toml or GENMUX_GATEWAY_KEYS, or one with the role root"
        raise PermissionDeniedError(message, status=403)
    return caller


def tenant_asked(caller: Principal, asked: str | None) -> str | None:
    """Whose rows a caller gets who asks for those of `asked`: its own only; None, all of them, for root that asks for none.

    Raises NotFoundError for a foreign organisation.
    """
    if asked is not None:
        _check_own(caller, asked)
        return asked
    return None if caller.role == "root" else caller.organisation


def _check_own(caller: Principal, tenant: str) -> None:
    if caller.role != "root" and tenant != caller.organisation:
        message = f"there is no organisation {tenant!r}"
        raise NotFoundError(message, status=404)
