"""When two requests for embeddings say the same; see `genmux.dialects.openai_chat.equivalence` for the idea."""

from genmux.types.content import Fields

EQUIVALENCES: dict[str, str] = {
    "null": "A field that is null says what a field that is left out says.",
    "input": "One text, or one list of tokens, is a list of one.",
    "encoding_format": "How vectors travel is each connection's own matter: genmux asks hosts as their profile says, and "
    "answers each caller as asked.",
}
"""Each with its reason."""


def normalize(document: Fields) -> Fields:
    """The document in one of its spellings. The argument is left as it is."""
    said = {key: value for key, value in document.items() if value is not None and key != "encoding_format"}
    match said.get("input"):
        case str() as text:
            said["input"] = [text]
        case [int(), *_] as tokens:
            said["input"] = [tokens]
        case _:
            pass
    return said
