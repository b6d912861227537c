"""What of a request of voice is asked for."""

import pytest

from genmux.contract.asked import heeded, language_of, voice_of, with_query
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.params import Param
from genmux.contract.speaking import rate_of
from genmux.contract.voices import own_voices
from genmux.types.errors import InvalidRequestError
from genmux.types.speech import SpeechRequest, Voice
from genmux.types.transcription import AudioFile, TranscriptionRequest

SPEC = ModelSpec(
    params={"voice": Param(type="string", choices=("Kore", "Puck"), default="Kore"), "speed": Param(type="number")}
)
LISTED = Model(provider="acme", id="talk", wire_id="talk-1", spec=SPEC)
UNLISTED = Model(provider="acme", id="other", wire_id="other", spec=ModelSpec(), listed=False)


def test_a_model_is_asked_for_what_it_has_a_parameter_for() -> None:
    request = SpeechRequest(model="acme/talk", text="a", speed=1.2, language="de", seed=None)
    known, warnings = heeded(request, LISTED, ("speed", "language", "seed"))
    assert known == {"speed": 1.2}
    assert [str(one) for one in warnings] == ["unsupported: `language`: talk has no such setting; it was left out"]


def test_a_model_that_nobody_listed_is_asked_for_everything() -> None:
    request = SpeechRequest(model="acme/other", text="a", speed=1.2, language="de")
    assert heeded(request, UNLISTED, ("speed", "language")) == ({"speed": 1.2, "language": "de"}, ())


def test_no_is_as_good_as_nothing() -> None:
    request = TranscriptionRequest(model="acme/talk", audio=AudioFile(data=b"a"), diarize=False, temperature=0.0)
    assert heeded(request, UNLISTED, ("diarize", "temperature")) == ({"temperature": 0.0}, ())


def test_the_wished_voice_wins_and_the_usual_one_is_told() -> None:
    assert voice_of(SpeechRequest(model="acme/talk", text="a", voice="Puck"), LISTED) == ("Puck", ())
    voice, warnings = voice_of(SpeechRequest(model="acme/talk", text="a"), LISTED)
    assert (voice, [one.kind for one in warnings]) == ("Kore", ["defaulted"])


def test_without_any_voice_there_is_no_speech() -> None:
    with pytest.raises(InvalidRequestError, match="has no usual voice"):
        voice_of(SpeechRequest(model="acme/other", text="a"), UNLISTED)


def test_the_choices_of_a_manifest_are_voices() -> None:
    assert own_voices(LISTED) == (Voice(id="Kore", name="Kore"), Voice(id="Puck", name="Puck"))
    assert own_voices(UNLISTED) == ()


@pytest.mark.parametrize(("wanted", "rate"), [(None, 24_000), (8_000, 8_000), (11_025, 16_000), (96_000, 24_000)])
def test_the_next_higher_rate_is_asked_for(wanted: int | None, rate: int) -> None:
    assert rate_of(wanted, (8_000, 16_000, 24_000), 24_000) == rate


def test_queries_are_written_as_providers_read_them() -> None:
    assert with_query("/a", {"b": True, "c": ["x y", "z"], "d": None, "e": 1.5}) == "/a?b=true&c=x+y&c=z&e=1.5"
    assert with_query("/a", {"d": None}) == "/a"
    assert (language_of("en-GB"), language_of("pt_BR")) == ("en", "pt")
