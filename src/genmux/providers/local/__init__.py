"""Models that run on this machine: chat through llama.cpp, embeddings and speech through ONNX Runtime, Whisper, enlarging through ncnn.

Beside them are a renderer of placeholder cards, an editor of pictures and a renderer of slideshows, which are no models.
"""

from pathlib import Path

from genmux.contract.cascades import Cascade
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.local.card import CardEngine
from genmux.providers.local.edit import EditEngine
from genmux.providers.local.embeddings import EmbeddingEngine
from genmux.providers.local.hibari import HibariEngine
from genmux.providers.local.slideshow import SlideshowEngine
from genmux.providers.local.text import TextEngine
from genmux.providers.local.upscale import UpscaleEngine
from genmux.providers.local.whisper import WhisperEngine

provider = Provider(
    manifest=read_manifest(Path(__file__).with_name("manifest.toml")),
    wires={
        "text": TextEngine(),
        "embeddings": EmbeddingEngine(),
        "card": CardEngine(),
        "edit": EditEngine(),
        "upscale": UpscaleEngine(),
        "slideshow": SlideshowEngine(),
        "hibari": HibariEngine(),
        "whisper": WhisperEngine(),
        "voice": Cascade(chat="local/smollm2", transcribe="local/whisper-tiny", speak="local/hibari"),
    },
)

__all__ = ["provider"]
