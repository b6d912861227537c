"""A conversation at the terminal."""

import contextlib
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from genmux.cli.answers import stream_answer
from genmux.cli.console import err, note, out, show_error
from genmux.cli.files import history_file
from genmux.types.chat import Message
from genmux.types.content import Text
from genmux.types.errors import GenmuxError

if TYPE_CHECKING:
    from genmux.client.client import Client
    from genmux.client.params import ChatParams

REMEMBERED = 1_000
"""So many lines are kept for the arrow keys."""


class Conversation:
    """Asks and answers in turn, until `/exit` or the end of input (Ctrl-D)."""

    def __init__(self, client: "Client", params: "ChatParams") -> None:
        self._client = client
        self._params = params
        self._messages: list[Message] = []
        self._commands: dict[str, tuple[str, Callable[[str], None]]] = {
            "/model": ("/model NAME: go on with another model", self._set_model),
            "/system": ("/system TEXT: other instructions; without a text, none", self._set_system),
            "/clear": ("/clear: forget what was said", self._clear),
            "/help": ("/help: this list", self._help),
        }

    def run(self) -> None:
        """Talk until the end. Raises ProviderError when there is no such model."""
        note(f"Talking with {self._called(self._params.get('model'))}. Ctrl-D ends it, /help tells more.")
        with _history():
            while (line := _ask()) is not None and line != "/exit":
                if line:
                    self._take(line)

    def _take(self, line: str) -> None:
        """One line of the user: a command, or something to say."""
        name, _, rest = line.partition(" ")
        if name in self._commands:
            self._commands[name][1](rest.strip())
            return
        if name.startswith("/") and name[1:].isalpha():
            note(f"There is no {name}; /help tells what there is.")
            return
        asked = [*self._messages, Message(role="user", content=(Text(line),))]
        try:
            result = stream_answer(self._client, asked, self._params)
        except GenmuxError as error:
            show_error(error)
            return
        self._params.pop("images", None)  # shown once
        self._messages = [*asked, result.message]

    def _set_model(self, name: str) -> None:
        try:
            called = self._called(name or None)
        except GenmuxError as error:
            show_error(error)
            return
        self._params["model"] = called
        note(f"Going on with {called}.")

    def _called(self, name: str | None) -> str:
        """What a name means: a route, or one model. Raises ProviderError when it is neither."""
        routes = self._client.app.calls.journeys.routes
        found = routes.route(name, "chat")
        first, *_ = routes.members(name, "chat")
        return first.reference if found is None else found[0]

    def _set_system(self, text: str) -> None:
        self._params["system"] = text or None
        note("The instructions are changed." if text else "There are no instructions now.")

    def _clear(self, _: str) -> None:
        self._messages = []
        note("Everything is forgotten.")

    def _help(self, _: str) -> None:
        for told, _command in self._commands.values():
            note(told)
        note("/exit or Ctrl-D: the end")


def _ask() -> str | None:
    """What the user types next; None at the end of input."""
    prompt = "> " if out.is_terminal else ""
    if not prompt:
        err.print("> ", end="")
    try:
        return input(prompt).strip()
    except EOFError:
        err.print()
        return None


@contextlib.contextmanager
def _history() -> Generator[None]:
    """The arrow keys bring back what was typed before, also in earlier conversations."""
    try:
        import readline
    except ImportError:  # some builds of Python are without it
        yield
        return
    with contextlib.suppress(OSError):  # a conversation works without its history
        readline.read_history_file(history_file())
    readline.set_auto_history(True)
    try:
        yield
    finally:
        readline.set_history_length(REMEMBERED)
        with contextlib.suppress(OSError):
            readline.write_history_file(history_file())
