"""The closed, documented list of what a model can do, and how well."""

from enum import StrEnum


class Support(StrEnum):
    """How well a feature is there: by the provider itself, imitated by genmux, not at all, or nobody knows."""

    NATIVE = "native"
    EMULATED = "emulated"
    NO = "no"
    UNKNOWN = "unknown"


FEATURES: dict[str, str] = {
    "streaming": "The answer comes in pieces as it is made.",
    "system_message": "Instructions stand apart from the conversation.",
    "tools": "The model can ask the caller to run functions.",
    "parallel_tools": "Several tools can be asked for in one turn.",
    "tool_choice": "The caller can demand or forbid a tool.",
    "structured_output": "The answer is guaranteed to fit a JSON Schema.",
    "json_mode": "The answer is guaranteed to be a JSON object.",
    "reasoning": "The model thinks first, and says so apart from its answer.",
    "vision": "Images can be given.",
    "audio_input": "Sound can be given.",
    "audio_output": "The model can answer with sound.",
    "documents": "PDF files can be given.",
    "video_input": "Video can be given.",
    "prompt_caching": "A repeated beginning of the prompt costs less.",
    "logprobs": "The likelihood of each token is told.",
    "seed": "The same seed gives the same answer, as far as the provider can.",
    "stop_sequences": "The answer ends where the caller says.",
    "multiple_choices": "Several answers to one request (`n`).",
    "server_tools": "The provider runs tools of its own, such as web search.",
    "count_tokens": "The provider counts tokens without an answer being made.",
    "dimensions": "The length of an embedding can be chosen.",
}
"""Every feature by name, with what it means."""
