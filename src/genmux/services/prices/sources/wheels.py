"""The packages that hold public price data: fetched with pip, read without being installed or imported."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec

from genmux.types.errors import ConfigurationError, NotFoundError

PACKAGES = ("genai-prices", "litellm", "model-prices", "voice-prices")

PATIENCE = 600.0
"""Seconds after which a download is given up; one of the wheels has 40 MB."""

_NAME = re.compile(r"(?P<name>[A-Za-z0-9_]+)-(?P<version>[^-]+)-.+\.whl")


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """One downloaded package. `sha256` is that of the file."""

    name: str
    version: str
    sha256: str
    path: Path

    def text(self, member: str) -> str:
        """One file in it. Raises NotFoundError when it is not there."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(member).decode()
        except (KeyError, zipfile.BadZipFile) as error:
            message = f"{self.path.name} holds no {member}; the form of {self.name} has changed"
            raise NotFoundError(message) from error


def fetch(folder: Path) -> None:
    """Download the newest wheels into a folder. Raises ConfigurationError with what pip says."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
    ]
    command += ["--only-binary", ":all:", "--dest", str(folder), *PACKAGES]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 — our own
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"the price data cannot be fetched: {error}; use --offline with a folder that holds the wheels"
        raise ConfigurationError(message) from error
    if done.returncode:
        message = f"the price data cannot be fetched; pip says: {done.stderr.strip()[-500:]}"
        raise ConfigurationError(message)


def found_in(folder: Path) -> dict[str, Wheel]:
    """The newest wheel of each package in a folder. Raises NotFoundError that names what is missing."""
    wheels: dict[str, Wheel] = {}
    for path in sorted(folder.glob("*.whl")):
        parts = _NAME.fullmatch(path.name)
        name = parts["name"].replace("_", "-") if parts else ""
        if parts and name in PACKAGES:
            other = wheels.get(name)
            if other is None or _order(parts["version"]) > _order(other.version):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                wheels[name] = Wheel(name=name, version=parts["version"], sha256=digest, path=path)
    if missing := [name for name in PACKAGES if name not in wheels]:
        message = f"{folder} holds no wheel of {', '.join(missing)}"
        raise NotFoundError(message)
    return wheels


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
