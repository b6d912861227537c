"""When two requests for pictures say the same; see `genmux.dialects.openai_chat.equivalence` for the idea."""

from genmux.types.content import Fields

EQUIVALENCES: dict[str, str] = {
    "null": "A field that is null says what a field that is left out says.",
    "stream": "A stream that is not wanted need not be mentioned.",
    "response_format": "How pictures travel is each connection's own matter: genmux asks hosts as their manifest says, and "
    "answers each caller as asked.",
    "image": "A picture alone is a list of one, and an address alone says what an object with it says.",
}
"""Each with its reason."""

_UNSAID = {"stream": False}


def normalize(document: Fields) -> Fields:
    """The document in one of its spellings. The argument is left as it is."""
    said = {
        name: value
        for name, value in document.items()
        if value is not None and name != "response_format" and _UNSAID.get(name) is not value
    }
    given = said.pop("image", None) or said.pop("images", None)
    if given is not None:
        said["images"] = [_address(one) for one in (given if isinstance(given, list) else [given])]
    if "mask" in said:
        said["mask"] = _address(said["mask"])
    return said


def _address(given: object) -> object:
    match given:
        case {"image_url": str() as address} | {"url": str() as address}:
            return address
        case _:
            return given
