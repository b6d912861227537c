"""What of a request of voice a model is asked for, and what it has no parameter for."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from genmux.contract.model import Model
from genmux.types.calls import VoiceRequest
from genmux.types.content import Fields
from genmux.types.errors import InvalidRequestError
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import TranscriptionRequest
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


def heeded(request: VoiceRequest, model: Model, names: Iterable[str]) -> tuple[dict[str, Any], tuple[Warning, ...]]:
    """The fields of a request that were set and that the model has a parameter for, and a warning for each other one.

    Of a model that nobody has listed nothing is known: it is asked for all of them. False is as good as nothing.
    """
    known: dict[str, Any] = {}
    warnings: list[Warning] = []
    for name in names:
        value = getattr(request, name)
        if value is None or value is False:
            continue
        if not model.listed or name in model.spec.params:
            known[name] = value
        else:
            warnings.append(Warning("unsupported", name, f"{model.id} has no such setting; it was left out"))
    return known, tuple(warnings)


def own_fields(request: SpeechRequest | TranscriptionRequest, *spoken: str) -> tuple[Fields, tuple[Warning, ...]]:
    """The fields of a request that genmux has no word for, and a warning for those of another dialect than these, which stay here.

    They come from callers: whoever writes them lets what says the model and the text win over them, as those were checked.
    """
    fields, dialect = request.extra or {}, request.dialect
    if not fields or dialect is None or dialect in spoken:
        return dict(fields), ()
    told = f"fields of {dialect} have no place here: {', '.join(fields)}"
    return {}, (Warning("unsupported", "extra", told),)


def language_of(tag: str) -> str:
    """The language of a BCP 47 tag alone: `en` of `en-GB`."""
    return tag.replace("_", "-").partition("-")[0].lower()


def voice_of(request: SpeechRequest, model: Model) -> tuple[str, tuple[Warning, ...]]:
    """The voice to speak with: the wished one, else the one that the manifest names, with a warning.

    Raises InvalidRequestError where there is neither.
    """
    if request.voice is not None:
        return request.voice, ()
    param = model.spec.params.get("voice")
    if param is None or param.default is None:
        message = f"{model.id} has no usual voice; name one as `voice`"
        raise InvalidRequestError(message, param="voice")
    usual = str(param.default)
    return usual, (Warning("defaulted", "voice", f"no voice was named; {usual!r} speaks"),)


def with_query(path: str, params: Mapping[str, Any]) -> str:
    """A path with its query: lists are repeated, booleans are `true` and `false`, what is None is left out."""
    pairs = [
        (name, _written(one))
        for name, value in params.items()
        for one in (value if isinstance(value, list | tuple) else (value,))
        if one is not None
    ]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
