"""The public API reads well to a type checker."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

API = Path(__file__).with_name("api.py")


def test_the_checker_understands_the_api_and_refuses_what_is_wrong() -> None:
    checker = shutil.which("basedpyright", path=str(Path(sys.executable).parent))
    if checker is None:
        pytest.skip("basedpyright is not installed")

    told = subprocess.run([checker, str(API)], capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout
    assert "0 errors, 0 warnings" in told.stdout
