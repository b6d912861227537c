"""The commands that make media, in a process without a gateway."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.unit.cli.conftest import Run


def test_a_picture_is_made_written_and_named_after_its_prompt(run: Run, tmp_path: Path) -> None:
    ended = run("image", "A red fox!", "--model", "local/card", "--size", "64x64", "--seed", "3")

    assert ended.code == 0, ended.err
    [file] = tmp_path.glob("a-red-fox-*.png")
    assert ended.out.strip() == file.name
    assert "no model made this" in ended.err
    assert "completed" in ended.err
    assert "local/card · $0" in ended.err


def test_people_see_a_bar_and_programs_get_data(run: Run, tmp_path: Path) -> None:
    shown = run("video", "A fish", "-m", "mock/video", "--out", "fish.mp4", terminal=True)
    told = json.loads(run("music", "la la", "--json", "--out", "new/").out)

    assert shown.err.startswith("\x1b[?25l")  # the bar hides the cursor
    assert "queued" not in shown.err
    assert (tmp_path / "fish.mp4").stat().st_size > 0
    assert told["status"] == "completed"
    assert [Path(one).exists() for one in told["files"]] == [True]
    assert told["assets"][0]["simulated"]


def test_files_go_in_and_several_come_out(run: Run, tmp_path: Path) -> None:
    assert run("image", "two", "-m", "local/card", "-n", "2", "--size", "64x64", "--out", "card.png").code == 0
    edited = run("image", "-i", "card.png", "-p", "grayscale=true", "--out", "grey.png", "-m", "local/edit")

    assert edited.code == 0, edited.err
    assert {one.name for one in tmp_path.glob("*.png")} == {"card.png", "card-2.png", "grey.png"}


def test_what_is_wrong_is_told_before_anything_is_made(run: Run) -> None:
    for arguments, told in (
        (("image",), "no prompt"),
        (("upscale", "nowhere.png"), "'nowhere.png' is not there"),
        (("image", "x", "--out", "no/such/folder/x.png"), "no folder"),
        (("image", "x", "--param", "alone"), "name=value"),
        (("image", "x", "-m", "local/card", "-n", "99"), "the range is 1 to 10"),
        (("image", "x", "-m", "local/slideshow"), "cannot text_to_image"),
        (("jobs", "show", "job_nothing"), "no job 'job_nothing'"),
        (("jobs", "list", "--status", "over"), "outcome_unknown"),
        (("jobs", "resolve", "job_nothing", "perhaps"), "not_billed"),
        (("jobs", "resolve", "job_nothing", "adopt", "--ticket", "x"), "id=abc123"),
    ):
        ended = run(*arguments)
        assert ended.code == 2, ended
        assert told in ended.err
    assert run("jobs", "list", "--json").out.strip() == "[]"


def test_an_estimate_makes_nothing(run: Run) -> None:
    ended = run(
        "video", "x", "-m", "google/veo-3.1-generate-001", "--duration", "8", "--resolution", "1080p", "--estimate"
    )

    assert ended.code == 0, ended.err
    assert "confidence" in ended.out


def test_what_is_kept_back_ends_with_the_code_of_its_error_and_can_be_tried_again(run: Run) -> None:
    ended = run("image", "x [mock fault=filtered]", "-m", "mock/image")
    [job] = json.loads(run("jobs", "list", "--status", "filtered", "--json").out)

    assert ended.code == 1
    assert "kept it back" in ended.err
    again = json.loads(run("jobs", "retry", job["id"], "--detach", "--json").out)
    assert again["retry_of"] == job["id"]


def test_what_is_not_waited_for_is_done_when_somebody_watches(run: Run, tmp_path: Path) -> None:
    detached = run("image", "later", "-m", "local/card", "--size", "64x64", "--detach")
    job = detached.out.strip()

    assert "No gateway runs here" in detached.err
    assert f"{job}  queued" in run("jobs", "list").out
    assert run("jobs", "watch", job, "--out", "later.png").code == 0
    assert (tmp_path / "later.png").exists()
    assert run("jobs", "wait", job).code == 0
    shown = run("jobs", "show", job).out
    assert "image/png, 64x64" in shown
    assert "there is nothing left to cancel" in run("jobs", "cancel", job).err


def test_what_is_resolved_as_to_be_sent_again_says_who_does_that(run: Run, tmp_path: Path) -> None:
    job = run("image", "later", "-m", "local/card", "--size", "64x64", "--detach").out.strip()
    [store] = tmp_path.rglob("genmux.db")
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("UPDATE jobs SET status = 'outcome_unknown'")

    resolved = run("jobs", "resolve", job, "resubmit")
    assert "queued" in resolved.out
    assert f"genmux jobs watch {job}" in resolved.err
    assert run("jobs", "watch", job).code == 0


def test_what_has_not_begun_is_cancelled_at_once(run: Run) -> None:
    job = run("image", "later", "-m", "local/card", "--detach").out.strip()

    assert run("jobs", "cancel", job).out.split() == [job, "cancelled"]
    assert run("jobs", "wait", job).code == 1


def test_a_provider_pauses_until_it_is_resumed(run: Run) -> None:
    assert "moving" in run("jobs", "pause", "fal", "--reason", "moving").out
    assert json.loads(run("jobs", "pauses", "--json").out)[0]["provider"] == "fal"
    assert "No provider pauses" in run("jobs", "resume", "fal").out


def test_a_worker_on_a_file_says_who_does_the_work_there(run: Run) -> None:
    ended = run("worker")

    assert ended.code == 3
    assert "`genmux serve` does the jobs itself" in ended.err
