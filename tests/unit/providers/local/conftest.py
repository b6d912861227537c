"""The weights of whoever runs the tests, found before the environment is cleaned."""

import importlib.util
import os

import pytest

from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS

FOLDER = weights_folder(os.environ)


@pytest.fixture(scope="session")
def local_options() -> dict[str, str]:
    """The options with which the embedded text model finds its weights; skips where there are none."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed: pip install 'genmux[local]'")
    if not (FOLDER / WEIGHTS["smollm2"].file).is_file():
        pytest.skip(f"no weights in {FOLDER}: run `genmux local install`")
    return {"data_dir": str(FOLDER.parent)}
