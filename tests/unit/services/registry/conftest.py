"""A third-party package, written into a temporary folder as an installer would leave it."""

from collections.abc import Callable
from pathlib import Path

import pytest

MANIFEST = """\
spec = 1
id = "{id}"
name = "{name}"
version = "2.0.0"
author = "Acme"
requires_credentials = false
models_policy = "closed"
"""

Install = Callable[..., Path]


def manifest_text(provider_id: str, *more: str) -> str:
    return MANIFEST.format(id=provider_id, name=provider_id.title()) + "\n".join(more) + "\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a package that announces a provider; `code` is its `__init__.py`."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def write(
        package: str, provider_id: str, *, manifest: str | None, code: str = "", value: str | None = None
    ) -> Path:
        folder = site.joinpath(*package.split("."))
        folder.mkdir(parents=True)
        for parent in [folder, *folder.parents]:
            if parent == site:
                break
            (parent / "__init__.py").touch()
        (folder / "__init__.py").write_text(code)
        if manifest is not None:
            (folder / "manifest.toml").write_text(manifest)
        top = package.split(".", maxsplit=1)[0]
        info = site / f"{top}_{provider_id}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {top}-{provider_id}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[genmux.providers]\n{provider_id} = {value or package}\n")
        return folder

    return write
