"""What the models of a provider make, for personalities whose requests do not say it: by its manifest."""

from importlib import import_module

from genmux.contract.operations import OUTPUTS
from genmux.contract.provider import Provider

MEDIA = {"image": "image/png", "video": "video/mp4", "audio": "audio/wav"}


def media_types(provider_id: str) -> dict[str, str]:
    """The media type of what each listed model makes, by the name that the provider is asked with."""
    provider: Provider = import_module(f"genmux.providers.{provider_id}").provider
    return {
        spec.wire_id or name: MEDIA.get(OUTPUTS[next(iter(spec.operations))], "image/png")
        for name, spec in provider.manifest.models.items()
        if spec.operations
    }
