"""Which models are usual for a session, and what is needed for its ears."""

from genmux.app.ears import VadEars
from genmux.app.voice import ears_for, usual_model
from genmux.services.settings import Defaults, Settings


def test_what_is_configured_comes_before_what_runs_on_this_machine() -> None:
    assert usual_model(Settings(), "text_to_speech") == "local/hibari"
    assert usual_model(Settings(), "transcribe") == "local/whisper-tiny"
    mine = Settings(defaults=Defaults(models={"transcribe": "acme/ears"}))
    assert usual_model(mine, "transcribe") == "acme/ears"


def test_each_session_has_ears_of_its_own() -> None:
    assert isinstance(ears_for(None), VadEars)
    assert ears_for(None) is not ears_for(None)
