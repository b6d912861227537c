"""What speech and transcriptions used, where the provider does not count it."""

import msgspec

from genmux.types.usage import Usage

CHARACTERS_INPUT = "characters.input"
SECONDS_OUTPUT_AUDIO = "seconds.output.audio"
SECONDS_INPUT_AUDIO = "seconds.input.audio"


def spoken_usage(told: Usage, characters: int, seconds: float | None) -> Usage:
    """With the characters of the text, and the seconds of the sound where they are known."""
    counted: dict[str, int | float] = {CHARACTERS_INPUT: characters}
    if seconds is not None:
        counted[SECONDS_OUTPUT_AUDIO] = round(seconds, 3)
    return msgspec.structs.replace(told, meters=counted | told.meters)


def heard_usage(told: Usage, seconds: float | None) -> Usage:
    """With the seconds of the sound, where they are known."""
    counted: dict[str, int | float] = {} if seconds is None else {SECONDS_INPUT_AUDIO: round(seconds, 3)}
    return msgspec.structs.replace(told, meters=counted | told.meters)
