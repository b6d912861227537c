"""The simulator over HTTP: bills, faults of submissions and polls, files, its own pages."""

import asyncio
import sys
from asyncio.subprocess import PIPE

import aiohttp
import pytest

from genmux.testing.simulator.media import MediaSimulator, Personality, Route, personalities, reply
from genmux.testing.simulator.media.files import PAGE
from genmux.types.errors import ConfigurationError
from tests.unit.testing.simulator.media.conftest import Caller


async def finished(caller: Caller, prompt: str = "a cat", **body: object) -> str:
    """The address of the first output of a job that is done."""
    _, job = await caller.submit(prompt, **body)
    caller.simulator.advance(100)
    return (await caller.poll(job))[1]["outputs"][0]["url"]


async def test_an_accepted_job_is_a_bill_with_key_hash_and_amount(caller: Caller):
    status, job = await caller.submit(
        headers={"idempotency-key": "k-1", "authorization": "Bearer secret"}, params={"n": 3}
    )
    assert (status, job["status"]) == (201, "working")
    told = await caller.bills()
    bill = told["bills"][0]
    assert (told["count"], told["total"], told["doubles"]) == (1, "0.03", {})
    assert (bill["key"], bill["job"], bill["amount"], bill["personality"]) == ("k-1", job["id"], "0.03", "generic")
    assert len(bill["request_hash"]) == 64
    assert "secret" not in bill["account"]


async def test_the_same_key_twice_is_one_bill_and_the_same_job(caller: Caller):
    headers = {"idempotency-key": "k-1"}
    jobs = {(await caller.submit(headers=headers))[1]["id"] for _ in range(2)}
    assert len(jobs) == 1
    told = await caller.bills()
    assert (told["count"], told["absorbed"]) == (1, 1)


@pytest.mark.parametrize(("directive", "bills"), [("lost-reply", 1), ("lost-request", 0)])
async def test_a_connection_that_is_cut_leaves_the_bill_to_tell(caller: Caller, directive: str, bills: int):
    with pytest.raises(aiohttp.ClientError):
        await caller.submit(f"a cat [[{directive}]]")
    assert (await caller.bills())["count"] == bills


async def test_no_answer_is_none_for_as_long_as_anybody_waits(caller: Caller):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(caller.submit("a cat [[no-answer]]"), 0.1)
    assert (await caller.bills())["count"] == 1


async def test_a_key_whose_reply_was_lost_is_answered_when_it_comes_again(caller: Caller):
    headers = {"idempotency-key": "k-1"}
    with pytest.raises(aiohttp.ClientError):
        await caller.submit("a cat [[lost-reply]]", headers=headers)
    status, _ = await caller.submit("a cat [[lost-reply]]", headers=headers)
    assert (status, (await caller.bills())["count"]) == (201, 1)


async def test_a_slow_acceptance_bills_before_it_answers(caller: Caller):
    answer = asyncio.create_task(caller.submit("a cat [[slow 0.2]]"))
    await caller.simulator.until(lambda: len(caller.simulator.ledger) == 1)
    assert not answer.done()
    assert (await answer)[0] == 201


async def test_prompt_header_next_and_default_are_heard_in_this_order(caller: Caller):
    caller.simulator.script("failed by default")
    caller.simulator.upcoming("failed by next")
    reasons = []
    for prompt, headers in (
        ("x [[failed by prompt]]", {"x-simulator-script": "failed by header"}),
        ("x", {"x-simulator-script": "failed by header"}),
        ("x", {}),
    ):
        _, job = await caller.submit(prompt, headers=headers)
        caller.simulator.advance(5)
        reasons.append((await caller.poll(job))[1]["reason"])
    caller.simulator.upcoming("failed by next")
    _, job = await caller.submit("x")
    caller.simulator.advance(5)
    assert (*reasons, (await caller.poll(job))[1]["reason"]) == ("by prompt", "by header", "by default", "by next")


async def test_the_quick_way_says_the_same_as_the_long_one(caller: Caller):
    _, job = await caller.submit("a cat [[queue 50]] [[work 100]]")
    for _ in range(2):
        _, quick = await caller.poll(job)
        _, long = await caller.ask("GET", f"/generic/v1/jobs/{job['id']}?", headers={"connection": "close"})
        assert quick.items() <= long.items() | {"progress": quick.get("progress")}.items()
        caller.simulator.advance(75)
    assert (caller.simulator["generic"].desk.jobs[job["id"]].asked, caller.simulator.polls) == (4, 4)


# ---------------------------------------------------------------- files
async def test_an_output_is_a_real_file_and_comes_in_ranges(caller: Caller):
    url = await finished(caller)
    _, whole = await caller.ask("GET", url)
    status, part = await caller.ask("GET", url, headers={"range": "bytes=4-7"})
    assert whole.startswith(b"\x89PNG\r\n")
    assert (status, part) == (206, whole[4:8])


@pytest.mark.parametrize(("makes", "begins"), [("video", b"ftyp"), ("audio", b"RIFF"), ("image/webp", b"WEBP")])
async def test_each_kind_of_output_is_what_it_says(caller: Caller, makes: str, begins: bytes):
    _, data = await caller.ask("GET", await finished(caller, makes=makes))
    assert begins in data[:16]


async def test_a_truncated_download_breaks_off(caller: Caller):
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.ask("GET", await finished(caller, "a cat [[truncated]]"))


async def test_an_endless_download_goes_on_and_on(caller: Caller):
    async with caller.session.get(await finished(caller, "a cat [[endless]]")) as endless:
        assert len(await endless.content.readexactly(2_000_000)) == 2_000_000


async def test_a_huge_download_has_its_size(caller: Caller):
    _, data = await caller.ask("GET", await finished(caller, "a cat [[huge 3000000]]"))
    assert len(data) == 3_000_000
    assert data.startswith(b"\x89PNG")


async def test_other_files_are_not_what_was_hoped_for(caller: Caller):
    assert await caller.ask("GET", await finished(caller, "[[wrong-type]]")) == (200, PAGE)
    assert (await caller.ask("GET", await finished(caller, "[[dead-link]]")))[0] == 403
    assert (await caller.ask("GET", await finished(caller, "[[redirect http://10.0.0.1/x]]")))[0] == 302
    url = await finished(caller, "[[file-error 1]]")
    assert [(await caller.ask("GET", url))[0] for _ in range(2)] == [503, 200]


async def test_a_link_dies_and_so_does_that_of_a_job_moderated_late(caller: Caller):
    link, late = await finished(caller, "a cat [[link 10]]"), await finished(caller, "a cat [[late 500]]")
    caller.simulator.advance(11)
    assert [(await caller.ask("GET", url))[0] for url in (link, late)] == [403, 200]
    caller.simulator.advance(500)
    assert (await caller.ask("GET", late))[0] == 403


# ---------------------------------------------------------------- its own pages
async def test_the_pages_do_what_the_object_does(caller: Caller):
    await caller.ask("POST", "/_simulator/script", json={"script": "queue 10; work 10"})
    await caller.ask("POST", "/_simulator/next", json={"scripts": ["failed by page"]})
    _, job = await caller.submit()
    await caller.ask("POST", "/_simulator/advance", json={"seconds": 15})
    _, told = await caller.ask("GET", "/_simulator/jobs?personality=generic")
    assert [(one["id"], one["state"]) for one in told["jobs"]] == [(job["id"], "processing")]
    await caller.ask("POST", "/_simulator/slots", json={"slots": 0})
    assert (await caller.submit())[0] == 429
    await caller.ask("POST", "/_simulator/reset")
    assert (await caller.bills())["bills"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/_simulator/nothing", None, 404),
        ("POST", "/_simulator/nothing", {}, 404),
        ("POST", "/_simulator/advance", {}, 400),
        ("POST", "/_simulator/script", {"script": "nonsense"}, 400),
        ("GET", "/elsewhere/v1/jobs", None, 404),
        ("GET", "/generic/v1/nothing", None, 404),
        ("POST", "/generic/v1/jobs", {"prompt": "without a model"}, 400),
        ("GET", "/generic/v1/jobs/unknown", None, 404),
        ("GET", "/generic/_files/unknown/0.png", None, 404),
    ],
)
async def test_what_makes_no_sense_is_answered_so(caller: Caller, method: str, path: str, body: object, status: int):
    assert (await caller.ask(method, path, json=body))[0] == status


async def test_the_pages_show_what_there_is(caller: Caller):
    _, index = await caller.ask("GET", "/_simulator")
    _, directives = await caller.ask("GET", "/_simulator/directives")
    assert index["personalities"] == ["generic"]
    assert "lost-reply" in directives


async def test_it_runs_as_a_process_of_its_own():
    command = (sys.executable, "-m", "genmux.testing.simulator.media", "--port", "0", "--script", "work 9")
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        assert process.stdout is not None
        address = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
        async with aiohttp.ClientSession() as session, session.get(f"{address}/_simulator/bills") as answer:
            assert (await answer.json())["count"] == 0
    finally:
        process.terminate()
        await process.wait()
    assert address.startswith("http://127.0.0.1:")


def test_a_personality_that_there_is_not_is_named_with_those_that_are():
    with pytest.raises(ConfigurationError, match=r"there are .*generic"):
        MediaSimulator("nobody")
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        MediaSimulator("nobody.at.home")
    assert "generic" in personalities()


async def test_a_route_takes_one_segment_or_the_rest_and_a_missing_key_is_refused():
    class Acme(Personality):
        name = "acme"

        def routes(self):
            return (
                Route("GET", "/v1/{id}/status", lambda ask: reply(200, ask.args)),
                Route("GET", "/v1/{rest*}", lambda ask: reply(200, ask.args)),
            )

    async with MediaSimulator(Acme()) as simulator, aiohttp.ClientSession() as session:
        caller = Caller(simulator, session)
        key = {"authorization": "Key 1"}
        assert (await caller.ask("GET", "/acme/v1/a/status", headers=key))[1] == {"id": "a"}
        assert (await caller.ask("GET", "/acme/v1/a/b/status", headers=key))[1] == {"rest": "a/b/status"}
        assert (await caller.ask("GET", "/acme/v1/a/status"))[0] == 401


async def test_an_upload_is_kept_and_named(caller: Caller):
    form = aiohttp.FormData()
    form.add_field("file", b"some bytes", filename="a.png", content_type="image/png")
    status, told = await caller.ask("POST", "/generic/v1/files", data=form)
    kept = caller.simulator["generic"].desk.uploads[told["id"]]
    assert (status, kept.name, kept.media_type, kept.data) == (201, "a.png", "image/png", b"some bytes")
