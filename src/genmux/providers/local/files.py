"""Where model files are."""

import sys
from collections.abc import Mapping
from pathlib import Path

from genmux.contract.manifest import ModelSpec
from genmux.providers.local.weights import WEIGHTS
from genmux.types.errors import ConfigurationError, NotFoundError

MAGIC = b"GGUF"


def weights_folder(environ: Mapping[str, str], options: Mapping[str, str] | None = None) -> Path:
    """Where `genmux local install` puts weights: in `models` of $GENMUX_DATA_DIR, else of the user's data folder."""
    chosen = (options or {}).get("data_dir") or environ.get("GENMUX_DATA_DIR")
    return (Path(chosen).expanduser() if chosen else _data_folder(environ)) / "models"


def _data_folder(environ: Mapping[str, str]) -> Path:
    if chosen := environ.get("XDG_DATA_HOME"):
        return Path(chosen) / "genmux"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "genmux"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "genmux"
    return Path.home() / ".local" / "share" / "genmux"


def models_in(folder: str | Path) -> dict[str, ModelSpec]:
    """The GGUF files of a folder as models, by file name. Of a file in several pieces only the first one counts."""
    files = sorted(Path(folder).expanduser().glob("*.gguf"))
    return {file.name: ModelSpec(name=file.stem) for file in files if _is_whole_or_first(file.stem)}


def _is_whole_or_first(stem: str) -> bool:
    """Pieces are called `NAME-00001-of-00003`."""
    beginning, _, count = stem.rpartition("-of-")
    return not (count.isdecimal() and len(count) == 5) or beginning.endswith("-00001")


def find_model(name: str, options: Mapping[str, str], environ: Mapping[str, str]) -> Path:
    """The GGUF file of a model: a path, or a name in the folders of the user and of genmux.

    Raises NotFoundError for what is no GGUF file by its name, ConfigurationError for one that is not there or is none.
    """
    given = _path(name)
    if given.suffix.lower() != ".gguf":
        message = f"local has the models smollm2 and minilm, and any path that ends in .gguf; {name!r} is neither"
        raise NotFoundError(message, param="model")
    own = options.get("models_dir") or environ.get("GENMUX_MODELS_DIR")
    folders = [Path(own).expanduser()] if own else []
    folders.append(weights_folder(environ, options))
    places = [given] if given.is_absolute() else [*(folder / given for folder in folders), given]
    found = next((place for place in places if _is_file(place)), None)
    if found is None:
        raise ConfigurationError(_absent(name, places), param="model")
    _check_magic(found)
    return found


def _path(name: str) -> Path:
    """The path that a name means; `~name` of nobody stays as it is."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def _is_file(place: Path) -> bool:
    """Whether there is a file; a name that is too long, or a folder that is closed to us, holds none."""
    try:
        return place.is_file()
    except OSError:
        return False


def _absent(name: str, places: list[Path]) -> str:
    known = next((weights for weights in WEIGHTS.values() if weights.file == name), None)
    if known is not None:
        return f"the weights of {known.name} are not installed: run `genmux local install {known.name}`"
    return f"there is no model file {name!r}; it was looked for at {', '.join(map(str, places))}"


def _check_magic(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        message = f"the model file {path} cannot be read: {error}"
        raise ConfigurationError(message, param="model") from error
    if magic != MAGIC:
        message = f"the model file {path} is no GGUF file: it begins with {magic!r}"
        raise ConfigurationError(message, param="model")
