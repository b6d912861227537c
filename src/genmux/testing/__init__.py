"""What tests need, shipped with genmux: the simulator, and a look at what it was asked."""

from genmux.providers.mock.recorder import Recorded


def mock_requests() -> tuple[Recorded, ...]:
    """The requests that the provider `mock` got in this process, oldest first."""
    from genmux.providers.mock import engine

    return engine.recorder.requests


def forget_mock_requests() -> None:
    """Forget them."""
    from genmux.providers.mock import engine

    engine.recorder.clear()
