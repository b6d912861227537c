"""Models that run on this machine: chat through llama.cpp, embeddings through ONNX Runtime."""

from pathlib import Path

from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.local.embeddings import EmbeddingEngine
from genmux.providers.local.text import TextEngine

provider = Provider(
    manifest=read_manifest(Path(__file__).with_name("manifest.toml")),
    wires={"text": TextEngine(), "embeddings": EmbeddingEngine()},
)

__all__ = ["provider"]
