import importlib.util
from collections.abc import Iterator

import pytest

if any(importlib.util.find_spec(name) is None for name in ("av", "numpy", "soxr")):
    pytest.skip("the extra is not installed: pip install 'genmux[media]'", allow_module_level=True)

from genmux.services.assets.media.signatures import media_type_of
from genmux.services.audio.tools import LocalAudioTools


@pytest.fixture(scope="module")
def tools() -> Iterator[LocalAudioTools]:
    one = LocalAudioTools(media_type_of)
    yield one
    one.close()
