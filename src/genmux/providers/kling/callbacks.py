"""Kling's webhooks: signed where a secret was made for the account, not at all where none was."""

from genmux.contract import signatures
from genmux.contract.jobs import Delivery, Steps, Verified


class Callbacks:
    """What both of Kling's wires do with a webhook. It is answered with any 200.

    Source: kling.ai/document-api, "Callbacks", read 2026-11-27: signed as Standard Webhooks are since the middle of 2026.
    """

    answer = b""

    def secrets(self) -> Steps[tuple[str, ...]] | None:
        """There is no way to ask for the secret."""
        return None

    def verify(self, delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
        """With a secret, nothing that is not signed is taken; without one, it is no more than a hint."""
        return signatures.standard(delivery, secrets, now) if secrets else signatures.unguessable_path(delivery)
