"""Finds manifests without importing anything: built in, in the user's folders, in installed packages."""

import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import msgspec

ENTRY_POINTS = "genmux.providers"
"""The entry-point group: the name is the provider's id, the value the package in which its manifest lies."""

MANIFEST = "manifest.toml"
PACKAGE = "genmux.providers"
BUILT_IN = "built in"
"""The source of the providers that come with genmux."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider was found.

    `manifest` is its file, `module` the package to import for its code (None: it is data alone), `source` says in words
    where it comes from, `fault` why there is nothing to read.
    """

    id: str
    source: str
    manifest: Path | None = None
    module: str | None = None
    fault: str | None = None


def built_in() -> Iterator[Place]:
    """The providers that come with genmux: a folder each, named like the provider."""
    spec = find_spec(PACKAGE)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for manifest in sorted(Path(root).glob(f"*/{MANIFEST}")):
            folder = manifest.parent
            code = (folder / "__init__.py").is_file()
            module = f"{PACKAGE}.{folder.name}" if code else None
            yield Place(id=folder.name, source=BUILT_IN, manifest=manifest, module=module)


def in_folders(folders: Iterable[Path]) -> Iterator[Place]:
    """The user's own: `ID.toml` or `ID/manifest.toml`. They are data alone; code in such a folder is never run."""
    for folder in folders:
        for manifest in sorted((*folder.glob("*.toml"), *folder.glob(f"*/{MANIFEST}"))):
            name = manifest.parent.name if manifest.name == MANIFEST else manifest.stem
            yield Place(id=name, source=f"file {manifest}", manifest=manifest)


def installed() -> Iterator[Place]:
    """Those of other packages. Takes some 20 ms, because the metadata of every installed package is looked at."""
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: (point.name, point.value)):
        package = f"{point.dist.name} {point.dist.version}" if point.dist else point.module
        yield _in_package(point.name, point.module, f"package {package}")


def _in_package(provider_id: str, module: str, source: str) -> Place:
    spec = locate(module)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        manifest = Path(root) / MANIFEST
        if manifest.is_file():
            return Place(id=provider_id, source=source, manifest=manifest, module=module)
    lack = f"has no {MANIFEST}" if spec else "is not there"
    fault = (
        f"{source} announces the provider {provider_id!r}, but its package {module!r} {lack}; reinstall or remove it"
    )
    return Place(id=provider_id, source=source, fault=fault)


def locate(module: str) -> ModuleSpec | None:
    """Where a module is, importing nothing: not even its parents, as `importlib.util.find_spec` would."""
    path: list[str] | None = None
    spec: ModuleSpec | None = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        finders = (finder for finder in sys.meta_path if hasattr(finder, "find_spec"))
        spec = next((found for finder in finders if (found := finder.find_spec(name, path))), None)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    return spec
