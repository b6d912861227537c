"""When two requests for speech or for a transcript say the same; see `genmux.dialects.openai_chat.equivalence` for the idea."""

from genmux.types.content import Fields

EQUIVALENCES: dict[str, str] = {
    "null": "A field that is null says what a field that is left out says.",
    "voice": "A voice that is an object with nothing but an `id` says what that id alone says.",
    "usual": "What is usual need not be mentioned: a transcript as JSON that is not streamed.",
    "stream_format": "How sound travels, as bytes or as events, is each connection's own matter: genmux asks hosts as their "
    "manifest says, and answers each caller as asked.",
    "brackets": "A field of a form says the same with `[]` behind its name, and alone what a list of one says.",
    "times": "A transcript with times of which none are named has those of segments.",
    "numbers": "In a form a number is the same however it is written.",
    "language": "A language is named without its region: hosts want ISO 639 codes.",
}
"""Each with its reason."""

_USUAL: Fields = {"response_format": "json", "stream": "false"}


def normalize(document: Fields) -> Fields:
    """The document in one of its spellings. The argument is left as it is."""
    said: Fields = {name.removesuffix("[]"): value for name, value in document.items() if value is not None}
    said.pop("stream_format", None)
    said = {name: value for name, value in said.items() if _lower(value) != _USUAL.get(name)}
    match said.get("voice"):
        case {"id": str() as voice}:
            said["voice"] = voice
        case _:
            pass
    if said.get("response_format") == "verbose_json":
        said.setdefault("timestamp_granularities", ["segment"])
    for name in ("timestamp_granularities", "include"):
        if isinstance(said.get(name), str):
            said[name] = [said[name]]
    if isinstance(temperature := said.get("temperature"), str):
        said["temperature"] = _number(temperature)
    if isinstance(language := said.get("language"), str):
        said["language"] = language.partition("-")[0].lower()
    return said


def _lower(value: object) -> object:
    return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else value


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
