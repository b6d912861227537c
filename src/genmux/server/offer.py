"""Which models callers may name."""

from genmux.app import App
from genmux.contract.operations import Operation
from genmux.services.keys import check_allowed
from genmux.types.errors import NotFoundError
from genmux.types.principal import Principal

_REMEMBERED = 1_024
"""So many names are kept at most: callers could think of any number."""


class Offer:
    """Keeps files of this machine from callers who are not its user.

    An embedded engine takes any path as a model. Where that is not wanted, only models that are listed and aliases from
    the settings can be named; anything else is not found, whether there is such a file or not.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._said = app.settings.gateway.model_files
        self._known: set[tuple[str, Operation]] = set()

    def check(self, name: str | None, operation: Operation) -> None:
        """Raise NotFoundError for a model that callers may not name, or that there is not."""
        files = not self._app.ring.demands if self._said is None else self._said
        if files or not name or name in self._app.settings.aliases or (name, operation) in self._known:
            return
        if self._app.calls.journeys.routes.route(name) is not None:
            return  # its models are those of the settings
        model = self._app.catalog.resolve(name, operation)
        if not model.listed and self._app.registry.manifest(model.provider).local:
            listed = (one for one in self._app.catalog.usable() if one.provider == model.provider)
            offered = ", ".join(one.reference for one in listed if operation in one.spec.operations)
            message = f"this gateway offers no model files but those that it lists: {offered or 'none'}"
            raise NotFoundError(message, provider=model.provider, model=model.id, param="model")
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known.add((name, operation))

    def check_allowed(self, principal: Principal, name: str | None, operation: Operation) -> None:
        """Raise PermissionDeniedError for a model that the caller's key may not use.

        It is looked at before anything else is, so that nobody learns what lies behind a model that is not for him. The
        models of a route are looked at one by one, at the door.
        """
        if self._app.calls.journeys.routes.route(name, operation) is None:
            check_allowed(principal, self._app.catalog.resolve(name, operation), operation, name=name)
