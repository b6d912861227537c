"""Settings come from a file and the environment, and say exactly what is wrong with them."""

from decimal import Decimal
from pathlib import Path

import pytest

from genmux.services.settings import Settings, read_settings
from genmux.types.errors import ConfigurationError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "genmux.toml"


def read(file: Path, text: str, **environ: str) -> Settings:
    file.write_text(text, "utf-8")
    return read_settings(environ, path=file)


def fault(file: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(file, text, **environ)
    return caught.value.message


def test_nothing_configured_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    settings = read_settings({"HOME": str(tmp_path)})

    assert settings == Settings()
    assert settings.gateway.host == "127.0.0.1"


def test_every_section_is_read(file: Path) -> None:
    settings = read(
        file,
        """
        provider_paths = ["more", "~/mine"]
        [defaults]
        timeout = 30
        retries = 0
        budget_limit = 0.5
        [defaults.models]
        chat = "fast"
        [aliases]
        fast = "groq/llama"
        [providers.groq]
        enabled = true
        base_url = "http://localhost:1"
        max_concurrency = 4
        api_key = "secret-key"
        [gateway]
        port = 9000
        keys = ["gateway-key"]
        [log]
        level = "debug"
        form = "json"
        """,
    )

    assert (settings.defaults.timeout, settings.defaults.retries) == (30, 0)
    assert settings.defaults.budget_limit == Decimal("0.5")
    assert settings.defaults.models == {"chat": "fast"}
    assert settings.aliases == {"fast": "groq/llama"}
    groq = settings.providers["groq"]
    assert (groq.enabled, groq.base_url, groq.max_concurrency) == (True, "http://localhost:1", 4)
    assert groq.credentials == {"api_key": "secret-key"}
    assert (settings.gateway.port, settings.gateway.keys) == (9000, ("gateway-key",))
    assert (settings.log.level, settings.log.form) == ("debug", "json")
    assert settings.provider_paths == (str(file.parent / "more"), str(Path("~/mine").expanduser()))


def test_what_settings_print_as_holds_no_key(file: Path) -> None:
    settings = read(file, '[providers.a]\napi_key = "secret-key"\n[gateway]\nkeys = ["gateway-key"]\n')

    assert "secret-key" not in repr(settings)
    assert "gateway-key" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = = 1", "not valid TOML: Invalid value (at line 1"),
        ("\ncolour = 1", ":2: colour: there is no such setting; there are defaults, aliases, providers"),
        ("[defaults]\n\ntimeout = -1", ":3: defaults.timeout: Expected `float` > 0.0"),
        ("[defaults]\nretries = -1", ":2: defaults.retries: Expected `int` >= 0"),
        ("[defaults]\nretires = 1", ":2: defaults.retires: Object contains unknown field `retires`"),
        ("[defaults]\nbudget_limit = -1", ":2: defaults.budget_limit: -1 is no amount of US dollars"),
        ("[defaults]\nbudget_limit = nan", ":2: defaults.budget_limit: NaN is no amount of US dollars"),
        ("defaults = 1", ":1: defaults: Expected a table, got `int`"),
        ("[defaults]\nmodels = 1", ":2: defaults.models: Expected a table, got `int`"),
        (
            '[defaults.models]\nchat = "a"\nchta = "b"',
            ":3: defaults.models.chta: there is no such operation; there are chat",
        ),
        ("[aliases]\nfast = 1", ":2: aliases.fast: Expected `str`, got `int`"),
        ("providers = 3", ":1: providers: Expected a table"),
        ("[providers]\ngroq = 3", ":2: providers.groq: Expected a table"),
        ("[providers.groq]\n\napi_key = 5", ":3: providers.groq.api_key: Expected `str`, got `int`"),
        ("[providers.groq]\ncredentials = 5", ":2: providers.groq.credentials: Expected a table"),
        ("[providers.groq]\nmax_concurrency = 0", ":2: providers.groq.max_concurrency: Expected `int` >= 1"),
        ("[gateway]\nport = 99999", ":2: gateway.port: Expected `int` <= 65535"),
        ('[gateway]\nkeys = "a"', ":2: gateway.keys: Expected `array`, got `str`"),
        ('[log]\nlevel = "loud"', ":2: log.level: Invalid enum value 'loud'"),
    ],
)
def test_a_fault_names_file_line_and_key(file: Path, text: str, said: str) -> None:
    message = fault(file, text)

    assert str(file) in message
    assert said in message


def test_all_faults_are_told_at_once(file: Path) -> None:
    message = fault(file, "[defaults]\ntimeout = -1\n[gateway]\nport = -1\n[aliases]\nfast = 1\n")

    assert "defaults.timeout" in message
    assert "gateway.port" in message
    assert "aliases.fast" in message


def test_a_fault_never_shows_a_key(file: Path) -> None:
    assert "123456" not in fault(file, "[providers.groq]\napi_key = 123456\n")


def test_a_file_that_is_no_text_is_told(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigurationError, match="not valid TOML: 'utf-8' codec"):
        read_settings({}, path=file)


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"mine\.toml: cannot be read: No such file"):
        read_settings({}, path=tmp_path / "mine.toml")
    with pytest.raises(ConfigurationError, match=r"other\.toml: cannot be read"):
        read_settings({"GENMUX_CONFIG": str(tmp_path / "other.toml")})


def test_the_file_here_comes_before_the_one_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "config" / "genmux"
    home.mkdir(parents=True)
    (home / "genmux.toml").write_text('[aliases]\na = "home"')

    assert read_settings({"XDG_CONFIG_HOME": str(home.parent)}).aliases == {"a": "home"}

    (tmp_path / "genmux.toml").write_text('[aliases]\na = "here"')

    assert read_settings({"XDG_CONFIG_HOME": str(home.parent)}).aliases == {"a": "here"}


def test_the_environment_has_the_last_word(file: Path) -> None:
    settings = read(
        file,
        '[defaults]\ntimeout = 30\n[defaults.models]\nchat = "a/b"\nembed = "c/d"\n[gateway]\nkeys = ["old"]\n[log]\nlevel = "error"',
        GENMUX_CHAT_MODEL="x/y",
        GENMUX_TIMEOUT="2.5",
        GENMUX_RETRIES="0",
        GENMUX_BUDGET_LIMIT="0.01",
        GENMUX_GATEWAY_KEYS=" one, two,,",
        GENMUX_LOG="INFO:json",
    )

    assert settings.defaults.models == {"chat": "x/y", "embed": "c/d"}
    assert (settings.defaults.timeout, settings.defaults.retries) == (2.5, 0)
    assert settings.defaults.budget_limit == Decimal("0.01")
    assert settings.gateway.keys == ("one", "two")
    assert (settings.log.level, settings.log.form) == ("info", "json")


def test_an_empty_variable_says_nothing(file: Path) -> None:
    settings = read(
        file,
        '[gateway]\nkeys = ["old"]',
        GENMUX_TIMEOUT="",
        GENMUX_LOG="",
        GENMUX_GATEWAY_KEYS=" , ",
        GENMUX_CHAT_MODEL="",
    )

    assert settings.defaults.timeout is None
    assert settings.gateway.keys == ("old",)
    assert settings.defaults.models == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GENMUX_TIMEOUT", "soon"),
        ("GENMUX_TIMEOUT", "-1"),
        ("GENMUX_TIMEOUT", "inf"),
        ("GENMUX_RETRIES", "1.5"),
        ("GENMUX_RETRIES", "-1"),
        ("GENMUX_BUDGET_LIMIT", "cheap"),
        ("GENMUX_BUDGET_LIMIT", "nan"),
        ("GENMUX_BUDGET_LIMIT", "-0.1"),
        ("GENMUX_LOG", "loud"),
        ("GENMUX_LOG", "info:yaml"),
    ],
)
def test_a_wrong_variable_is_named_with_its_value(file: Path, name: str, value: str) -> None:
    message = fault(file, "", **{name: value})

    assert name in message
    assert repr(value) in message


def test_the_users_own_folder_of_manifests_is_found_without_being_named(tmp_path: Path) -> None:
    folder = tmp_path / "genmux" / "providers"
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert read_settings(environ).provider_paths == ()
    folder.mkdir(parents=True)
    assert read_settings(environ).provider_paths == (str(folder),)
