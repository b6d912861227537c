"""Logs: quiet by default, redacted always."""

import io
import logging
from collections.abc import Iterator

import msgspec
import pytest

from genmux.engine.logs import ROOT, configure_logging, provider_logger
from genmux.types.errors import ConfigurationError

KEY = "sk-live-0123456789abcdef"


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """Leave the loggers as they were."""
    root = logging.getLogger(ROOT)
    handlers, level = list(root.handlers), root.level
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger(f"{ROOT}.provider").manager.loggerDict.pop(f"{ROOT}.provider.lumen", None)


def test_each_provider_has_a_logger() -> None:
    assert provider_logger("lumen").name == "genmux.provider.lumen"
    assert provider_logger("lumen") is provider_logger("lumen")
    assert len(provider_logger("lumen").filters) == 1


def test_it_is_quiet_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    logger = provider_logger("lumen")
    assert not logger.isEnabledFor(logging.INFO)
    logger.warning("nobody asked")
    assert capsys.readouterr() == ("", "")


def test_text_has_level_name_and_message() -> None:
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    provider_logger("lumen").info("hello %s", "there")
    provider_logger("lumen").debug("too quiet")
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("INFO    genmux.provider.lumen: hello there")


def test_json_has_a_line_for_each_record_with_its_fields() -> None:
    stream = io.StringIO()
    configure_logging("debug", "json", stream=stream)
    provider_logger("lumen").debug("hello", extra={"model": "dream", "status": 200, "odd": object})
    record = msgspec.json.decode(stream.getvalue())
    assert record.pop("time").endswith("+00:00")
    assert record == {
        "level": "debug",
        "logger": "genmux.provider.lumen",
        "message": "hello",
        "model": "dream",
        "status": 200,
        "odd": "<class 'object'>",
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_redacted_in_message_fields_and_traceback(form: str) -> None:
    stream = io.StringIO()
    configure_logging("info", form, stream=stream)
    try:
        raise ValueError(f"bad {KEY}")  # noqa: TRY301 — a traceback is wanted
    except ValueError:
        provider_logger("lumen").exception("failed with %s", KEY, extra={"url": f"https://x/?key={KEY}"})
    assert "ValueError" in stream.getvalue()
    assert KEY not in stream.getvalue()


def test_other_people_s_handlers_get_no_secret_either(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger=ROOT):
        provider_logger("lumen").info("with %s", KEY, extra={"key": KEY})
    (record,) = caplog.records
    assert KEY not in record.getMessage() + repr(vars(record))


def test_a_later_setting_replaces_the_earlier() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logging("debug", stream=first)
    configure_logging("error", stream=second)
    provider_logger("lumen").warning("no")
    provider_logger("lumen").error("yes")
    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 1


@pytest.mark.parametrize(("level", "form"), [("loud", "text"), ("info", "xml"), ("", "text")])
def test_an_unknown_setting_is_refused_with_the_known_ones(level: str, form: str) -> None:
    with pytest.raises(ConfigurationError, match="debug, info, warning, error"):
        configure_logging(level, form)
