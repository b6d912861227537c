"""Languages by the English names that Whisper gives them, and by their BCP 47 tags.

Source: the tokenizer of openai/whisper (LANGUAGES), 2026-11.
"""

_TOLD = (
    "afrikaans af, albanian sq, amharic am, arabic ar, armenian hy, assamese as, azerbaijani az, bashkir ba, basque eu, "
    "belarusian be, bengali bn, bosnian bs, breton br, bulgarian bg, cantonese yue, catalan ca, chinese zh, croatian hr, "
    "czech cs, danish da, dutch nl, english en, estonian et, faroese fo, finnish fi, french fr, galician gl, georgian ka, "  # codespell:ignore fo
    "german de, greek el, gujarati gu, haitian creole ht, hausa ha, hawaiian haw, hebrew he, hindi hi, hungarian hu, "
    "icelandic is, indonesian id, italian it, japanese ja, javanese jv, kannada kn, kazakh kk, khmer km, korean ko, lao lo, "
    "latin la, latvian lv, lingala ln, lithuanian lt, luxembourgish lb, macedonian mk, malagasy mg, malay ms, malayalam ml, "
    "maltese mt, maori mi, marathi mr, mongolian mn, myanmar my, nepali ne, norwegian no, nynorsk nn, occitan oc, pashto ps, "
    "persian fa, polish pl, portuguese pt, punjabi pa, romanian ro, russian ru, sanskrit sa, serbian sr, shona sn, sindhi sd, "
    "sinhala si, slovak sk, slovenian sl, somali so, spanish es, sundanese su, swahili sw, swedish sv, tagalog tl, tajik tg, "
    "tamil ta, tatar tt, telugu te, thai th, tibetan bo, turkish tr, turkmen tk, ukrainian uk, urdu ur, uzbek uz, "  # codespell:ignore te
    "vietnamese vi, welsh cy, yiddish yi, yoruba yo"
)

TAGS: dict[str, str] = {name: tag for entry in _TOLD.split(",") for name, _, tag in (entry.strip().rpartition(" "),)}
"""Tags by name."""

NAMES: dict[str, str] = {tag: name for name, tag in TAGS.items()}
"""The reverse."""


def tag_of(told: str | None) -> str | None:
    """The tag of a language that a reply names; what is not known stays as it is."""
    return TAGS.get(told.lower(), told) if told else None


def name_of(tag: str) -> str:
    """The name of a language, as Whisper gives it; a tag that is not known stays as it is."""
    return NAMES.get(tag.partition("-")[0].lower(), tag)


def short(tag: str) -> str:
    """A tag without region and script: hosts want ISO 639 codes."""
    return tag.partition("-")[0].lower()
