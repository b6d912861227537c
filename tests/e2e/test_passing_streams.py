"""Streams whose bytes pass through, of providers that frame them oddly or break off."""

import anthropic
import openai
import pytest

from tests.e2e.conftest import RunningGateway

HARMLESS = (
    "whole_for_stream",
    "crlf_lines",
    "cr_lines",
    "comments",
    "no_last_blank_line",
    "small_bites",
    "unknown_event",
    "sse_as_json",
)
BROKEN = ("clean_cut", "cut_stream", "reset_body", "json_error_as_sse_200", "html_200", "empty_stream")
TEXT = "hello out there, all of you"


def openai_text(gateway: RunningGateway, fault: str, *, usage: bool) -> str:
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0)
    chunks = client.chat.completions.create(
        model="openai/mock/echo",
        max_tokens=50,
        messages=[{"role": "user", "content": f"[mock fault={fault}] {TEXT}"}],
        stream=True,
        stream_options={"include_usage": usage},
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def anthropic_text(gateway: RunningGateway, fault: str) -> str:
    client = anthropic.Anthropic(base_url=gateway.url, api_key="none", max_retries=0)
    asked = [{"role": "user", "content": f"[mock fault={fault}] {TEXT}"}]
    with client.messages.stream(model="anthropic/mock/echo", max_tokens=50, messages=asked) as stream:
        return "".join(stream.text_stream)


def test_odd_framing_is_understood_and_booked(gateway: RunningGateway):
    for fault in HARMLESS:
        for usage in (False, True):
            assert openai_text(gateway, fault, usage=usage) == TEXT, fault
        assert anthropic_text(gateway, fault) == TEXT, fault
    totals = gateway.app.totals.snapshot()
    assert totals["openai/mock/echo"].calls == 2 * len(HARMLESS)
    assert totals["anthropic/mock/echo"].calls == len(HARMLESS)
    assert all(total.failed == 0 and total.meters["tokens.output"] for total in totals.values())


@pytest.mark.parametrize("fault", BROKEN)
def test_what_breaks_off_is_an_error_of_the_sdk_and_booked_as_failed(gateway: RunningGateway, fault: str):
    with pytest.raises(openai.APIError):
        openai_text(gateway, fault, usage=False)
    with pytest.raises(anthropic.APIError):
        anthropic_text(gateway, fault)
    totals = gateway.app.totals.snapshot()
    assert [total.failed for total in totals.values()] == [1, 1]
