"""A text of any length that is always the same for the same seed."""

from genmux.providers.mock.chance import Chance
from genmux.providers.mock.tokens import tokens

_WHO = ("The lighthouse keeper", "A small robot", "Old Marta", "The night train", "A patient fox", "The youngest clerk")
_DID = ("counted", "followed", "remembered", "mended", "questioned", "collected", "painted", "forgave")
_WHAT = (
    "the last lamp",
    "seven paper boats",
    "a map of the sea",
    "the silent clocks",
    "every open door",
    "an unsent letter",
)
_WHEN = (
    "before the rain",
    "as the harbor slept",
    "without a word",
    "until the morning",
    "for the third time",
    "at last",
)


def sentences(length: int, seed: object) -> list[str]:
    """Whole sentences of at least `length` tokens together, cut into these tokens."""
    chance = Chance(seed)
    told: list[str] = []
    while len(told) < length:
        sentence = f"{chance.pick(_WHO)} {chance.pick(_DID)} {chance.pick(_WHAT)} {chance.pick(_WHEN)}."
        told += tokens(f" {sentence}" if told else sentence)
    return told


def story(length: int, seed: object) -> list[str]:
    """Exactly `length` tokens of such sentences."""
    return sentences(length, seed)[:length]
