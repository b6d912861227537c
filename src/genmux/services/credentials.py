"""Where a provider's keys come from: arguments, then the environment, then `genmux.toml`."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from genmux.contract.manifest import Manifest, lacking_fields
from genmux.services.ports import ProviderOptions
from genmux.types.errors import AuthenticationError


class Credentials:
    """Finds keys; keeps none."""

    def __init__(
        self,
        environ: Mapping[str, str],
        options: Mapping[str, ProviderOptions],
        given: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._environ = environ
        self._options = options
        self._given = given or {}

    def find(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """All known fields of the provider's credential; `given` wins. What is empty, or nowhere, is left out."""
        own = self._options.get(manifest.id)
        configured = own.credentials if own else {}
        found: dict[str, str] = {}
        for source in (given or {}, self._given.get(manifest.id, {}), self._from_environment(manifest), configured):
            for name, value in source.items():
                if stripped := value.strip():  # a key that was read from a file may end in a newline
                    found.setdefault(name, stripped)
        return found

    def _from_environment(self, manifest: Manifest) -> dict[str, str]:
        return {
            name: next((value for env in credential.env if (value := self._environ.get(env))), "")
            for name, credential in manifest.credentials.items()
        }

    def missing(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> str | None:
        """What is missing and where it is looked for, in words; None when all is there."""
        if not manifest.requires_credentials:
            return None
        found = self.find(manifest, given)
        lacking = {name: manifest.credentials[name] for name in lacking_fields(manifest.credentials, found)}
        if not lacking:
            return None
        ways = [" or ".join("$" + env for env in credential.env) or f"`{name}`" for name, credential in lacking.items()]
        first = next(iter(lacking))
        return (
            f"no {', '.join(lacking)} for {manifest.id}: set {' and '.join(ways)}, "
            f"or `{first}` in [providers.{manifest.id}] of genmux.toml"
        )

    def require(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """The provider's credential. Raises AuthenticationError that says what to set."""
        if lack := self.missing(manifest, given):
            raise AuthenticationError(lack, provider=manifest.id)
        return self.find(manifest, given)

    def base_url(self, manifest: Manifest, given: str | None = None) -> str:
        """Where the provider is: argument, then environment, then `genmux.toml`, then its manifest.

        One without a scheme or a port, such as `0.0.0.0`, gets that of the manifest's.
        """
        own = self._options.get(manifest.id)
        from_environment = next((url for env in manifest.base_url_env if (url := self._environ.get(env))), None)
        chosen = (given or from_environment or (own.base_url if own else None) or manifest.base_url).strip()
        return _complete(chosen, manifest.base_url).rstrip("/")


def _complete(address: str, usual: str) -> str:
    """An address that is only a host, or host and port, with what the usual one has besides."""
    if not address or "://" in address:
        return address
    parts = urlsplit(usual)
    port = f":{parts.port}" if parts.port and ":" not in address.partition("/")[0] else ""
    host, slash, path = address.partition("/")
    return f"{parts.scheme or 'http'}://{host}{port}{slash}{path}"
