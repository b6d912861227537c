"""A request for a transcription as AssemblyAI writes it."""

from typing import Any

from genmux.contract.inputs import MediaRequest
from genmux.contract.model import Model
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

_REGIONS = {"en-US": "en_us", "en-GB": "en_uk", "en-AU": "en_au"}
"""Languages of which there are several; of all others the region says nothing."""

_OURS = frozenset({"language", "diarize", "translate"})


def body_of(request: MediaRequest, model: Model) -> tuple[dict[str, Any], tuple[Warning, ...]]:
    """The body without the sound, and what could not be carried. Where no language is named, it is found out."""
    params = request.params
    body: dict[str, Any] = {name: value for name, value in params.items() if value is not None and name not in _OURS}
    body["speech_models"] = [model.wire_id]
    if language := params.get("language"):
        body["language_code"] = _REGIONS.get(language, language.replace("_", "-").partition("-")[0].lower())
    elif "language_codes" not in body:
        body.setdefault("language_detection", True)
    if params.get("diarize"):
        body["speaker_labels"] = True
    warnings: tuple[Warning, ...] = ()
    if request.prompt and model.spec.params.get("prompt") is None and model.listed:
        warnings = (Warning("unsupported", "prompt", f"{model.id} heeds no prompt; it was left out"),)
    elif request.prompt:
        body["prompt"] = request.prompt
    if params.get("translate"):
        warnings += (Warning("unsupported", "translate", "what is said is written down as it is, not in English"),)
    return body, warnings
