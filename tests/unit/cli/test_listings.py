"""The commands that tell what there is: models, providers, embed, estimate, doctor, local, mock, replay, serve."""

import json
from pathlib import Path
from typing import Any

import pytest

from genmux.cli import doctor as doctor_module
from genmux.cli import local as local_module
from genmux.engine.weights import WeightStore
from genmux.testing import simulator
from tests.unit.cli.conftest import Run


def rows(text: str) -> dict[str, str]:
    return dict(line.split(None, 1) for line in text.splitlines()[1:] if " " in line)


class TestModels:
    def test_every_row_is_one_line(self, run: Run) -> None:
        told = run("models").out.splitlines()

        assert told[0].split()[0] == "model"
        assert len(told) == len({line.split()[0] for line in told})
        assert all(line == line.rstrip() for line in told)

    def test_prices_have_two_places_or_more_and_unknown_ones_a_question_mark(self, run: Run) -> None:
        told = rows(run("models", "--provider", "mock").out)

        assert told["mock/priced"].split()[:2] == ["1.00", "2.00"]
        assert told["mock/echo"].split()[:2] == ["0.00", "0.00"]
        assert rows(run("models", "-p", "huggingface").out)["huggingface/zai-org/GLM-5.1"].split()[:2] == ["?", "?"]

    def test_filters_can_be_combined(self, run: Run) -> None:
        told = json.loads(run("models", "--operation", "embed", "--usable", "--json").out)

        assert {"mock/embed", "local/minilm"} <= {model["reference"] for model in told}
        assert all("embed" in model["operations"] for model in told)

    def test_a_feature_and_a_price_narrow_the_list(self, run: Run) -> None:
        told = json.loads(run("models", "-f", "vision", "--max-price", "1", "-p", "openai", "--json").out)

        assert told
        assert all(model["features"]["vision"] == "native" for model in told)

    @pytest.mark.parametrize("wrong", [("-p", "openia"), ("-f", "visions"), ("--operation", "chatt")])
    def test_a_wrong_filter_names_what_is_near(self, run: Run, wrong: tuple[str, str]) -> None:
        ended = run("models", *wrong)

        assert ended.code == 2
        assert f"'{wrong[1]}'; try" in ended.err

    def test_a_whole_name_shows_everything_about_it(self, run: Run) -> None:
        told = run("models", "mock/priced").out

        assert "tokens.input: 1 USD for 1,000,000" in told
        assert "features: native" in told
        assert ["state", "ready"] in [line.split() for line in told.splitlines()]

    def test_part_of_a_name_finds_all_that_have_it(self, run: Run) -> None:
        assert {*rows(run("models", "gpt-5.4").out)} >= {"openai/gpt-5.4", "openai/gpt-5.4-mini"}

    def test_nothing_found_is_told(self, run: Run) -> None:
        ended = run("models", "no-such-name")

        assert (ended.code, ended.out) == (0, "")
        assert "No listed model fits" in ended.err

    def test_a_terminal_gets_a_table_that_fits(self, run: Run) -> None:
        told = run("models", "-p", "mock", terminal=True).out

        assert "mock/echo" in told
        assert max(map(len, told.splitlines())) <= 100


class TestProviders:
    def test_those_that_can_be_used_come_first_and_the_others_say_what_they_need(self, run: Run) -> None:
        told = rows(run("providers").out)

        assert next(iter(told)) in ("llamacpp", "lmstudio", "local", "mock")
        assert told["openai"].endswith("needs $OPENAI_API_KEY")
        assert told["mock"].endswith("ready")
        assert "if it runs at http://127.0.0.1:11434" in told["ollama"]

    def test_a_disabled_one_says_how_to_enable_it(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "genmux.toml").write_text("[providers.groq]\nenabled = false\n", "utf-8")

        assert "[providers.groq]" in rows(run("providers").out)["groq"]

    def test_a_broken_one_says_what_is_wrong(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "mine.toml").write_text('spec = 1\nid = "mine"\nnonsense = 1\n', "utf-8")
        (tmp_path / "genmux.toml").write_text(f'provider_paths = ["{tmp_path}"]\n', "utf-8")

        assert "mine" in run("providers").out

    def test_json_tells_all_of_it(self, run: Run) -> None:
        told = {one["id"]: one for one in json.loads(run("providers", "--json").out)}

        assert told["mock"]["available"] is True
        assert "$OPENAI_API_KEY" in told["openai"]["reason"]

    def test_health_asks_those_that_can_be_used(self, run: Run) -> None:
        told = rows(run("providers", "--health").out)

        assert "available" in told["mock"]
        assert "unavailable" in told["vllm"]


class TestEmbed:
    def test_each_text_is_a_line_of_numbers(self, run: Run) -> None:
        told = run("embed", "-m", "mock/embed", "one", "two").out.splitlines()

        assert len(told) == 2
        assert all(float(number) is not None for number in told[0].split())

    def test_lines_can_be_piped_in(self, run: Run) -> None:
        assert len(json.loads(run("embed", "-m", "mock/embed", "--json", typed="a\n\nb\n").out)["vectors"]) == 2

    def test_a_terminal_shows_the_beginning(self, run: Run) -> None:
        ended = run("embed", "-m", "mock/embed", "one", terminal=True)

        assert ended.out.endswith(" …\n")
        assert "mock/embed · 1 ×" in ended.err

    def test_nothing_to_embed_is_an_error(self, run: Run) -> None:
        assert run("embed", "-m", "mock/embed").code == 2


class TestEstimate:
    def test_it_tells_what_it_may_cost_and_why(self, run: Run) -> None:
        told = run("estimate", "-m", "mock/priced", "Hello", "--max-tokens", "10").out

        assert told.startswith("$0")
        assert "tokens.output" in told

    def test_what_is_free_is_free(self, run: Run) -> None:
        assert run("estimate", "-m", "mock/echo", "Hello").out.startswith("$0 (")

    def test_what_is_unknown_is_told(self, run: Run) -> None:
        ended = run("estimate", "-m", "together/nothing-of-theirs", "Hello")

        assert "unknown" in ended.out
        assert "warning: unknown" in ended.err

    def test_json_has_every_line(self, run: Run) -> None:
        assert json.loads(run("estimate", "-m", "mock/priced", "Hello", "--json").out)["lines"]


class TestDoctor:
    def test_it_tells_what_is_there_and_what_is_missing(self, run: Run) -> None:
        ended = run("doctor")

        assert ended.code == 0
        assert "✓ configuration: no faults" in ended.out
        assert "without a key: " in ended.out
        assert "– weights smollm2: not installed\n    `genmux local install smollm2` fetches them" in ended.out

    def test_a_file_that_cannot_be_read_is_a_finding(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "genmux.toml").write_text("[gateway]\nprot = 1\n", "utf-8")
        ended = run("doctor", "--json")

        wrong = [one for one in json.loads(ended.out)["findings"] if not one["well"]]
        assert ended.code == 3
        assert any("prot" in one["detail"] for one in wrong)

    def test_settings_that_cannot_be_met_are_findings(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "genmux.toml").write_text('[defaults.models]\nchat = "nope/x"\n', "utf-8")
        ended = run("doctor")

        assert ended.code == 3
        assert "– configuration: the default model for chat" in ended.out
        assert "– default for chat" in ended.out

    def test_ping_asks(self, run: Run) -> None:
        told = run("doctor", "--ping").out

        assert "✓ mock: available" in told
        assert "– vllm: unavailable" in told

    def test_a_missing_extra_says_how_to_get_it(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(doctor_module.EXTRAS, "gateway", ("a_module_that_nobody_has", "`genmux serve`"))

        assert '– extra gateway: missing\n    for `genmux serve`: pip install "genmux[gateway]"' in run("doctor").out


class TestLocal:
    def test_it_lists_what_can_be_installed(self, run: Run) -> None:
        assert "not installed" in rows(run("local", "list").out)["smollm2"]
        assert json.loads(run("local", "list", "--json").out)[0]["path"] is None

    def test_removing_what_is_not_there_is_told(self, run: Run) -> None:
        assert run("local", "remove", "smollm2").out == "smollm2 was not there\n"
        assert json.loads(run("local", "remove", "smollm2", "--json").out) == {"name": "smollm2", "removed": False}

    def test_unknown_weights_are_an_error_that_names_the_known(self, run: Run) -> None:
        ended = run("local", "install", "smollm3", "--json")

        assert ended.code == 2
        assert "smollm2" in json.loads(ended.out)["error"]["message"]

    def test_the_bar_begins_with_the_first_byte(self) -> None:
        begun: list[str] = []
        seen: list[tuple[object, int]] = []
        shown = local_module.bar(
            lambda text, total: begun.append(f"{text} of {total}") or "task",
            lambda task, **told: seen.append((task, told["completed"])),
            "smollm2",
        )
        assert not begun
        for done in (1, 100):
            shown(done, 100)

        assert begun == ["fetching smollm2 of 100"]
        assert seen == [("task", 1), ("task", 100)]

    @pytest.mark.parametrize("terminal", [False, True])
    def test_a_download_shows_its_progress_on_a_terminal(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, terminal: bool
    ) -> None:
        class Store(WeightStore):
            def install(self, name: str, *, progress: Any = None) -> Path:
                for done in (1, 50, 100):
                    progress(done, 100)
                return tmp_path / name

        monkeypatch.setattr(local_module, "store", lambda: Store(tmp_path, {}))
        ended = run("local", "install", terminal=terminal)

        assert f"smollm2 is at {tmp_path}" in ended.out
        assert bool(ended.err) is terminal
        assert json.loads(run("local", "install", "--json").out) == {
            "name": "smollm2",
            "path": str(tmp_path / "smollm2"),
        }


class TestServers:
    @pytest.fixture
    def served(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def serve(app: object, *, host: str, port: int, started: Any) -> None:
            calls.append({"app": app, "host": host, "port": port})
            started(f"http://{host}:{port}")
            raise KeyboardInterrupt

        monkeypatch.setattr("genmux.server.run.serve", serve)
        return calls

    def test_the_gateway_prints_three_commands(self, run: Run, served: list[dict[str, Any]]) -> None:
        ended = run("serve", "--port", "9")

        assert (ended.code, served[0]["host"], served[0]["port"]) == (0, "127.0.0.1", 9)
        commands = [line for line in ended.out.splitlines() if line.startswith("  ")]
        assert [line.split()[0] for line in commands] == ["genmux", "curl", "curl"]
        assert all("mock/echo" in line for line in commands)  # there are no weights here

    def test_with_keys_the_commands_send_one(
        self, run: Run, served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GENMUX_GATEWAY_KEYS", "a-key-of-the-gateway")
        told = run("serve", "--host", "0.0.0.0").out  # noqa: S104 — nothing listens

        assert '-H "authorization: Bearer $KEY"' in told
        assert "http://127.0.0.1:8484/v1/messages" in told
        assert "a-key-of-the-gateway" not in told
        assert served

    def test_json_is_the_address(self, run: Run, served: list[dict[str, Any]]) -> None:
        assert json.loads(run("serve", "--json").out) == {"url": "http://127.0.0.1:8484"}
        assert served

    def test_beyond_this_machine_keys_are_needed(self, run: Run) -> None:
        ended = run("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 — it is refused

        assert ended.code == 3
        assert "key" in ended.err

    @pytest.mark.parametrize("command", ["serve", "mock"])
    def test_there_is_no_such_port(self, run: Run, command: str) -> None:
        assert run(command, "--port", "99999").code == 2

    @pytest.mark.parametrize("as_json", [False, True])
    def test_the_mock_says_how_to_use_it(self, run: Run, monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
        monkeypatch.setattr(simulator, "run", lambda *, started, **_: started("http://127.0.0.1:9"))
        told = run("mock", "--key", "secret", *(["--json"] if as_json else [])).out

        if as_json:
            assert json.loads(told) == {"url": "http://127.0.0.1:9"}
        else:
            assert "OPENAI_BASE_URL=http://127.0.0.1:9/v1 OPENAI_API_KEY=secret" in told
            assert "ANTHROPIC_BASE_URL=http://127.0.0.1:9 " in told

    def test_faults_are_listed(self, run: Run) -> None:
        assert "rate_limit" in rows(run("mock", "--list-faults").out)
        assert json.loads(run("mock", "--list-faults", "--json").out).keys() == simulator.FAULTS.keys()
