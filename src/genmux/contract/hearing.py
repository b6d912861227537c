"""What transcriptions of several providers have in common: sound that is sent, words that become segments, languages."""

import math
from collections.abc import Iterable, Sequence

from genmux.contract.http import FileBody
from genmux.types.errors import InvalidRequestError
from genmux.types.transcription import AudioFile, Segment, Word

PAUSE = 1.0
"""Seconds of silence that end a segment."""

_ENDS = (".", "!", "?", "…", "。", "\uff01", "\uff1f", "।", "؟")
_UNSPACED = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})  # written without spaces

_CODES = (
    "afr:af amh:am ara:ar asm:as aze:az bel:be ben:bn bos:bs bul:bg cat:ca ces:cs cmn:zh cym:cy dan:da deu:de ell:el "
    "eng:en est:et fas:fa fin:fi fra:fr ful:ff gle:ga glg:gl guj:gu hau:ha heb:he hin:hi hrv:hr hun:hu hye:hy ibo:ig "
    "ind:id isl:is ita:it jav:jv jpn:ja kan:kn kat:ka kaz:kk khm:km kir:ky kor:ko lao:lo lav:lv lin:ln lit:lt ltz:lb "
    "lug:lg mal:ml mar:mr mkd:mk mlt:mt mon:mn mri:mi msa:ms mya:my nep:ne nld:nl nor:no nya:ny oci:oc ori:or pan:pa "
    "pol:pl por:pt pus:ps ron:ro rus:ru slk:sk slv:sl sna:sn snd:sd som:so spa:es srp:sr swa:sw swe:sv tam:ta tel:te "
    "tgk:tg tgl:tl tha:th tur:tr ukr:uk urd:ur uzb:uz vie:vi wol:wo xho:xh zho:zh zul:zu"
)
_SHORT: dict[str, str] = {pair.partition(":")[0]: pair.partition(":")[2] for pair in _CODES.split()}
"""Codes of ISO 639-3 that have two letters in BCP 47."""


def body_of(audio: AudioFile) -> bytes | FileBody:
    """The sound as a body: its bytes, or the file. Raises InvalidRequestError for an address, and a file of unknown size."""
    if audio.data is not None:
        return audio.data
    if audio.path is None or audio.size is None:
        message = "the sound must be bytes, or a file whose size is known; an address cannot be sent"
        raise InvalidRequestError(message, param="audio")
    return FileBody(path=audio.path, size=audio.size, media_type=audio.media_type, name=audio.name)


def language_tag(code: str | None) -> str | None:
    """A provider's code of a language as BCP 47: `eng` is `en`, `en_us` is `en-US`; None for none."""
    if not code:
        return None
    language, _, region = code.replace("_", "-").partition("-")
    language = _SHORT.get(language.lower(), language.lower())
    return f"{language}-{region.upper() if len(region) == 2 else region}" if region else language


def confidence_of(logprob: float | None) -> float | None:
    """A logarithm of a probability as the probability."""
    return None if logprob is None else round(math.exp(min(logprob, 0.0)), 4)


def segments_of(words: Sequence[Word], *, language: str | None = None) -> tuple[Segment, ...]:
    """Words as sentences: one ends with its mark, where somebody else speaks, and where it is silent for long."""
    joint = "" if language is not None and language.partition("-")[0] in _UNSPACED else " "
    held: list[Word] = []
    made: list[Segment] = []
    for word in words:
        if held and not _goes_on(held[-1], word):
            made.append(_segment(held, joint))
            held = []
        held.append(word)
    if held:
        made.append(_segment(held, joint))
    return tuple(made)


def _goes_on(last: Word, word: Word) -> bool:
    ended = last.text.rstrip("\"')”’»」").endswith(_ENDS)
    return last.speaker == word.speaker and not ended and word.start - last.end < PAUSE


def _segment(words: Iterable[Word], joint: str) -> Segment:
    told = [*words]
    text = joint.join(word.text.strip() for word in told)
    return Segment(text=text, start=told[0].start, end=told[-1].end, speaker=told[0].speaker)
