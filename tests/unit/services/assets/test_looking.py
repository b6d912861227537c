"""Looks at foreign files that do not go well."""

from pathlib import Path

import pytest

from genmux.engine.sandbox import Sandbox, SandboxError
from genmux.services.assets.looking import Looker
from genmux.types.errors import Retry


@pytest.mark.parametrize(("slow", "broken"), [(False, "it cannot be opened: it died"), (True, None)])
async def test_a_file_is_blamed_for_a_crash_and_not_for_a_busy_machine(
    slow: bool, broken: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(*_: object, **__: object) -> bytes:
        failure = SandboxError("it died", retry=Retry.NEVER)
        failure.slow = slow
        raise failure

    monkeypatch.setattr(Sandbox, "ask", ask)
    looker = Looker()
    try:
        seen = await looker.look(tmp_path / "a.png", "image/png", None)
    finally:
        looker.close()

    assert (seen.facts.media_type, seen.facts.broken) == ("image/png", broken)
