"""What the models at fal call what we call otherwise, and which parameters are headers.

From the input types of the JavaScript client (fal-ai/fal-js, libs/client/src/types/endpoints.ts, 2026-08-02).
"""

from genmux.contract.media_writing import Fields
from genmux.contract.model import Model

HEADERS = {"priority": "x-fal-queue-priority", "start_timeout": "x-fal-request-timeout"}
"""Parameters that go into a header of the request."""

INPUTS = Fields(
    inputs={
        "image": "image_url", "last_image": "end_image_url", "mask": "mask_url", "reference": "image_urls[]",
        "video": "video_url", "audio": "audio_url",
    }
)  # fmt: skip
"""What most models call their inputs; a model that is not listed has its own names for all else."""

COMMON = INPUTS.but(
    {
        "n": "num_images", "size": "image_size", "steps": "num_inference_steps", "guidance": "guidance_scale",
        "format": "output_format", "audio": "generate_audio",
    },
    spellings={"size": "sides"},
)  # fmt: skip

IN_A_LIST = COMMON.but(inputs={"image": "image_urls[]"})
SECONDS_AS_TEXT = COMMON.but(spellings={"duration": "text"})
KLING = SECONDS_AS_TEXT.but({"guidance": "cfg_scale"}, {"last_image": "tail_image_url"})
LUMA = COMMON.but(spellings={"duration": "seconds"})
SPOKEN = COMMON.but({"prompt": "text", "language": "language_code"})

MODELS: dict[str, Fields] = {
    "fal-ai/nano-banana-2/edit": IN_A_LIST,
    "openai/gpt-image-2/edit": IN_A_LIST,
    "fal-ai/clarity-upscaler": COMMON.but({"scale": "upscale_factor"}),
    "bytedance/seedance-2.0/text-to-video": SECONDS_AS_TEXT,
    "bytedance/seedance-2.0/image-to-video": SECONDS_AS_TEXT,
    "fal-ai/kling-video/v2.5-turbo/pro/text-to-video": KLING,
    "fal-ai/kling-video/v2.5-turbo/pro/image-to-video": KLING,
    "luma/agent/ray/v3.2/text-to-video": LUMA,
    "luma/agent/ray/v3.2/image-to-video": LUMA,
    "fal-ai/stable-audio-25/text-to-audio": COMMON.but({"duration": "seconds_total"}),
    "fal-ai/elevenlabs/sound-effects/v2": SPOKEN.but({"duration": "duration_seconds"}),
    "fal-ai/elevenlabs/tts/multilingual-v2": SPOKEN,
}
"""Those that differ from what is common."""


def fields_of(model: Model) -> Fields:
    """The table of a model."""
    return MODELS.get(model.id, COMMON) if model.listed else INPUTS
