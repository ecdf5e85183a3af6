"""Slack: messages and threads; a 200 that says no; and nobody pinged by a transcript."""

import pytest

from runtime.engine.outcomes import Done, Fail
from tests.peers import Answer

POST = "/api/chat.postMessage"
SENT = {"ok": True, "channel": "C0123ABC", "ts": "1503435956.000247", "message": {"text": "Hi"}}


def send(do, config=None, type="slack_send_message", **more):
    return do(type, {"channel": "#support", "text": "Hi", **(config or {})}, **more)


def test_a_message_goes_out_and_its_ts_stays_a_text(do, vendor):
    vendor.answers[POST] = SENT
    outcome, row = send(do)
    assert outcome.output == {"ts": "1503435956.000247", "channel": "C0123ABC"}
    assert ("Slack message", "1503435956.000247") in row["references"]
    sent = vendor.requests[0].json
    assert (sent["channel"], sent["text"]) == ("#support", "Hi")
    assert vendor.requests[0].headers["authorization"] == "Bearer s3cret/of+token"


def test_a_repetition_is_the_same_message_to_slack(do, vendor):
    vendor.answers[POST] = SENT
    send(do)
    send(do)
    first, second = (asked.json["client_msg_id"] for asked in vendor.requests)
    assert first == second


def test_a_transcript_pings_nobody_and_is_no_markup(do, vendor):
    vendor.answers[POST] = SENT
    send(do, {"text": "*Said:* {{interaction.summary}}"}, event={"interaction": {"summary": "<!channel> a & b < c"}})
    assert vendor.requests[0].json["text"] == "*Said:* &lt;!channel&gt; a &amp; b &lt; c"


def test_a_reply_goes_into_the_thread(do, vendor):
    vendor.answers[POST] = SENT
    outcome, _ = send(do, {"thread_ts": "{{vars.ts}}"}, "slack_thread_reply", variables={"ts": "1503435956.000247"})
    assert isinstance(outcome, Done)
    sent = vendor.requests[0].json
    assert (sent["thread_ts"], sent["reply_broadcast"]) == ("1503435956.000247", False)


def test_blocks_are_sent_along(do, vendor):
    vendor.answers[POST] = SENT
    send(do, {"blocks": '[{"type": "section", "text": {"type": "plain_text", "text": "{{interaction.id}}"}}]'},
         event={"interaction": {"id": 'c"7'}})  # fmt: skip
    assert vendor.requests[0].json["blocks"][0]["text"]["text"] == 'c"7'
    outcome, _ = send(do, {"blocks": '{"type": "section"}'})
    assert "must be a JSON list" in outcome.message


@pytest.mark.parametrize(
    ("answer", "says", "retryable"),
    [({"ok": False, "error": "channel_not_found"}, "invited first", False),
     ({"ok": False, "error": "not_in_channel"}, "/invite", False),
     ({"ok": False, "error": "invalid_auth"}, "new bot token", False),
     ({"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "users:read"}, "chat:write", False),
     ({"ok": False, "error": "ratelimited"}, "fewer messages", True),
     (Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}), "fewer messages", True),
     ({"ok": False, "error": "internal_error"}, "internal_error", True)],
)  # fmt: skip
def test_a_200_that_says_no_is_a_failure_in_words(answer, says, retryable, do, vendor):
    vendor.answers[POST] = answer
    outcome, _ = send(do)
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith("Slack ")
    assert says in outcome.message
    assert outcome.retryable is retryable
    assert outcome.retry_after == (30.0 if isinstance(answer, Answer) else None)
