"""`import genmux` offers every public name and costs nearly nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import genmux
from genmux.client import async_client, client

HEAVY = ("aiohttp", "asyncio", "cyclopts", "genai_prices", "litestar", "pydantic", "rich", "uvicorn", "uvloop", "yarl")


def in_a_fresh_python(program: str) -> str:
    """What a program prints in a process of its own."""
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


def declared() -> dict[str, str]:
    """The names that editors and type checkers see, with the modules that they come from."""
    tree = ast.parse(Path(genmux.__file__).read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    return {
        alias.asname or "": node.module or ""
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }


def test_checkers_see_the_names_that_there_are() -> None:
    assert declared() == genmux._HOMES  # noqa: SLF001
    assert set(genmux.__all__) == {*declared(), "__version__"}


@pytest.mark.parametrize("name", genmux.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    thing = getattr(genmux, name)

    assert name in dir(genmux)
    assert thing.__doc__


def test_there_are_no_other_names() -> None:
    with pytest.raises(AttributeError, match="module 'genmux' has no attribute 'Nothing'"):
        genmux.Nothing  # noqa: B018


def test_a_public_name_stays_what_it_is_beside_a_package_of_that_name() -> None:
    said = in_a_fresh_python(
        "import genmux.providers.mock, genmux; print(callable(genmux.providers), genmux.providers.__module__)"
    )

    assert said.split() == ["True", "genmux.client.default"]


def test_importing_genmux_imports_nothing_heavy() -> None:
    said = in_a_fresh_python(f"import sys, genmux; print(*[name for name in {HEAVY} if name in sys.modules])")

    assert said.split() == []


def test_importing_genmux_imports_hardly_anything_of_its_own() -> None:
    said = in_a_fresh_python("import sys, genmux; print(*[name for name in sys.modules if name.startswith('genmux')])")

    assert {*said.split()} <= {"genmux", "genmux.types", "genmux.types.version"}


def test_a_client_that_asks_nothing_imports_no_transport_and_no_price_list() -> None:
    program = f"""
import sys, genmux
client = genmux.Client()
assert client.chat("hi", model="mock/echo").text == "hi"
client.close()
print(*[name for name in {tuple(name for name in HEAVY if name not in ("asyncio", "uvloop"))} if name in sys.modules])
"""

    assert in_a_fresh_python(program).split() == []


def test_the_blocking_client_has_the_calls_of_the_asynchronous_one() -> None:
    def calls(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    without = {"aclose", "leave", "forget", "closed", "realtime"}  # a live session needs an event loop
    assert calls(async_client.AsyncClient) - without == calls(client.Client) - {"close"}
