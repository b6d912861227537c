"""What transcriptions of several providers have in common: sound that is sent, words that become segments, languages."""

import math
from collections.abc import Iterable, Sequence

from genmux.contract.http import FileBody
from genmux.types.errors import InvalidRequestError
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import AudioFile

PAUSE = 1.0
"""Seconds of silence that end a segment."""

_ENDS = (".", "!", "?", "…", "。", "\uff01", "\uff1f", "।", "؟")
_UNSPACED = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})  # written without spaces

_CODES = (
    "afr_af amh_am ara_ar asm_as aze_az bel_be ben_bn bos_bs bul_bg cat_ca ces_cs cmn_zh cym_cy dan_da deu_de ell_el "
    "eng_en est_et fas_fa fin_fi fra_fr ful_ff gle_ga glg_gl guj_gu hau_ha heb_he hin_hi hrv_hr hun_hu hye_hy ibo_ig "
    "ind_id isl_is ita_it jav_jv jpn_ja kan_kn kat_ka kaz_kk khm_km kir_ky kor_ko lao_lo lav_lv lin_ln lit_lt ltz_lb "
    "lug_lg mal_ml mar_mr mkd_mk mlt_mt mon_mn mri_mi msa_ms mya_my nep_ne nld_nl nor_no nya_ny oci_oc ori_or pan_pa "
    "pol_pl por_pt pus_ps ron_ro rus_ru slk_sk slv_sl sna_sn snd_sd som_so spa_es srp_sr swa_sw swe_sv tam_ta tel_te "
    "tgk_tg tgl_tl tha_th tur_tr ukr_uk urd_ur uzb_uz vie_vi wol_wo xho_xh zho_zh zul_zu"
)
_SHORT: dict[str, str] = {pair[:3]: pair[4:] for pair in _CODES.split()}
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
