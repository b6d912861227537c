"""Logs: one logger for each provider, silent until asked for, never with a secret in them."""

import datetime
import logging
import sys
from typing import Any, TextIO

import msgspec

from genmux.engine.redact import Redactor
from genmux.types.errors import ConfigurationError

ROOT = "genmux"

_LEVELS: dict[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_PATTERNS_ONLY = Redactor()


def provider_logger(provider: str) -> logging.Logger:
    """The logger of one provider; what goes through it is redacted, whoever listens."""
    logger = logging.getLogger(f"{ROOT}.provider.{provider}")
    if not logger.filters:
        logger.addFilter(_redact)
        _keep_quiet()
    return logger


def configure_logging(level: str, form: str = "text", *, stream: TextIO | None = None) -> None:
    """Write what genmux logs to `stream` (standard error), as lines of text or of JSON; replaces an earlier setting."""
    if level not in _LEVELS or form not in {"text", "json"}:
        message = (
            f"the log setting {level!r}, {form!r} is unknown; levels are {', '.join(_LEVELS)}, forms text and json"
        )
        raise ConfigurationError(message)
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_JsonFormatter() if form == "json" else _TextFormatter())
    root = logging.getLogger(ROOT)
    for other in list(root.handlers):
        if isinstance(other, _Handler):
            root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(_LEVELS[level])


def _keep_quiet() -> None:
    """Without a handler, Python would print warnings to standard error."""
    root = logging.getLogger(ROOT)
    if not root.handlers:
        root.addHandler(logging.NullHandler())


def _redact(record: logging.LogRecord) -> bool:
    """Take secrets out of a record before any handler sees it."""
    record.msg = _PATTERNS_ONLY.text(record.getMessage())
    record.args = ()
    for name, value in _fields(record).items():
        if isinstance(value, str):
            setattr(record, name, _PATTERNS_ONLY.text(value))
    return True


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a later setting can replace it."""


class _TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("{asctime} {levelname:<7} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        return _PATTERNS_ONLY.text(super().format(record))


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": time,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _PATTERNS_ONLY.text(msgspec.json.encode(line, enc_hook=str).decode())
