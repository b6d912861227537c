"""Where a provider's keys come from: arguments, then the environment, then `genmux.toml`."""

from collections.abc import Mapping

from genmux.contract.manifest import Manifest
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
        """All known fields of the provider's credential; `given` wins. Fields that are nowhere are left out."""
        own = self._options.get(manifest.id)
        found = dict(own.credentials) if own else {}
        for name, credential in manifest.credentials.items():
            value = next((value for env in credential.env if (value := self._environ.get(env))), None)
            if value is not None:
                found[name] = value
        return found | dict(self._given.get(manifest.id, {})) | dict(given or {})

    def missing(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> str | None:
        """What is missing and where it is looked for, in words; None when all is there."""
        if not manifest.requires_credentials:
            return None
        found = self.find(manifest, given)
        lacking = [
            name for name, credential in manifest.credentials.items() if credential.required and not found.get(name)
        ]
        if not lacking:
            return None
        ways = [" or ".join("$" + env for env in manifest.credentials[name].env) or name for name in lacking]
        return f"no {', '.join(lacking)} for {manifest.id}: set {', '.join(ways)}, or `{lacking[0]}` in [providers.{manifest.id}] of genmux.toml"

    def require(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """The provider's credential. Raises AuthenticationError that says what to set."""
        if lack := self.missing(manifest, given):
            raise AuthenticationError(lack, provider=manifest.id)
        return self.find(manifest, given)

    def base_url(self, manifest: Manifest, given: str | None = None) -> str:
        """Where the provider is: argument, then environment, then `genmux.toml`, then its manifest."""
        own = self._options.get(manifest.id)
        from_environment = next((url for env in manifest.base_url_env if (url := self._environ.get(env))), None)
        chosen = given or from_environment or (own.base_url if own else None) or manifest.base_url
        return chosen.rstrip("/") if "://" in chosen or not chosen else f"http://{chosen}".rstrip("/")
