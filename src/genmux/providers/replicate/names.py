"""What the models at Replicate call what we call otherwise, and which parameters are headers.

From the input schemas on the models' pages (replicate.com/OWNER/NAME/api/schema), as they were read on 2026-10-05 and 2026-11-27.
"""

from genmux.contract.media_writing import Fields
from genmux.contract.model import Model

HEADERS = {"wait": ("prefer", "wait={:g}"), "cancel_after": ("cancel-after", "{:g}s")}
"""Parameters that go into a header of the request, and how."""

PLAIN = Fields()
"""A model that is not listed has its own names for parameters; its inputs are called by their role."""

COMMON = Fields(names={"format": "output_format", "audio": "generate_audio"})
FLUX = COMMON.but(
    {
        "n": "num_outputs",
        "steps": "num_inference_steps",
        "strength": "prompt_strength",
        "enhance_prompt": "prompt_upsampling",
    }
)
FILL = FLUX.but({"steps": "steps"})
GPT_IMAGE = COMMON.but({"n": "number_of_images"}, {"image": "input_images[]"})
VEO = COMMON.but(inputs={"last_image": "last_frame", "reference": "reference_images[]"})
SEEDANCE = COMMON.but(inputs={"last_image": "last_frame_image", "reference": "reference_images[]"})
KLING = COMMON.but({"variant": "mode"}, {"image": "start_image", "last_image": "end_image"})

MODELS: dict[str, Fields] = {
    "black-forest-labs/flux-schnell": FLUX,
    "black-forest-labs/flux-dev": FLUX,
    "black-forest-labs/flux-fill-pro": FILL,
    "openai/gpt-image-2": GPT_IMAGE,
    "ideogram-ai/ideogram-4-5": COMMON.but({"n": "num_images"}, {"image": "images[]"}),
    "stability-ai/sdxl": FLUX.but(spellings={"size": "width_height"}),
    "google/veo-3.1": VEO,
    "google/veo-3.1-fast": VEO,
    "bytedance/seedance-2.0": SEEDANCE,
    "kwaivgi/kling-v2.1": KLING,
    "wan-video/wan-2.2-i2v-fast": COMMON.but({"fps": "frames_per_second"}),
    "stability-ai/stable-audio-2.5": COMMON.but({"guidance": "cfg_scale"}),
    "minimax/speech-2.6-turbo": COMMON.but({"prompt": "text", "voice": "voice_id", "language": "language_boost"}),
}
"""Those that are listed."""


def fields_of(model: Model) -> Fields:
    """The table of a model."""
    return MODELS.get(model.id, COMMON) if model.listed else PLAIN
