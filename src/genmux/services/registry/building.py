"""From a manifest to a provider: wires by dialect, the way to sign, what its errors mean."""

from collections.abc import Mapping
from typing import Any

from genmux.contract.auth import Auth, auth_named, bearer
from genmux.contract.error_map import ErrorMap, error_map_of
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.types.errors import ConfigurationError, ProviderError


def from_manifest(manifest: Manifest) -> Provider:
    """The provider that a manifest alone describes. Raises ConfigurationError that says what is wrong with it."""
    return complete(Provider(manifest=manifest, wires={}))


def complete(provider: Provider) -> Provider:
    """The provider with everything that its manifest says and its code does not.

    Wires that the code gives win over those of the manifest, an `auth` or `errors` of its own likewise. Raises
    ConfigurationError.
    """
    manifest = provider.manifest
    wires = {name: _wire(manifest, name) for name in manifest.wires if name not in provider.wires} | dict(
        provider.wires
    )
    _check_operations(manifest, wires)
    return Provider(
        manifest=manifest,
        wires=wires,
        auth=_auth(manifest) if provider.auth is bearer else provider.auth,
        errors=error_map_of(manifest.errors) if provider.errors == ErrorMap() else provider.errors,
        account=provider.account,
    )


def _wire(manifest: Manifest, name: str) -> Any:
    from genmux.dialects import load_dialect

    spec = manifest.wires[name]
    try:
        return load_dialect(spec.dialect).client(spec.options)
    except ProviderError as error:
        message = f"provider {manifest.id!r}, wires.{name}: {error.message}"
        raise ConfigurationError(message, provider=manifest.id) from error


def _check_operations(manifest: Manifest, wires: Mapping[str, Any]) -> None:
    specs = {"model_defaults": manifest.model_defaults} | {
        f"models.{name}": spec for name, spec in manifest.models.items()
    }
    for place, spec in specs.items():
        for operation, wire in spec.operations.items():
            if wire not in wires:
                names = ", ".join(wires) or "none"
                message = (
                    f"provider {manifest.id!r}, {place}: {operation} uses the wire {wire!r}; its wires are: {names}"
                )
                raise ConfigurationError(message, provider=manifest.id)


def _auth(manifest: Manifest) -> Auth:
    try:
        return auth_named(manifest.auth)
    except ValueError as error:
        message = f"provider {manifest.id!r}: {error}"
        raise ConfigurationError(message, provider=manifest.id) from error
