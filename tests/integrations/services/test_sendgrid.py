"""SendGrid: the message it takes, its id from a header, and its errors in words."""

import pytest

from runtime.engine.outcomes import Fail
from tests.peers import Answer

SEND = "/v3/mail/send"
TAKEN = Answer(202, b"", {"X-Message-Id": "14c5d75ce93.dfd.64b469"})
EVENT = {"interaction": {"id": "c-1", "summary": "<b>5 < 6</b>\nBye"}}


def send(do, **config):
    return do("sendgrid_send_email", {"to": "ops@example.com", "subject": "Calls", "text": "Hi", **config}, EVENT)


def test_the_message_has_both_forms_and_the_id_comes_from_the_header(do, vendor):
    vendor.answers[SEND] = TAKEN
    outcome, row = send(do, to="a@example.com, Bo <b@example.com>", html="<p>{{interaction.summary}}</p>",
                        reply_to="Help <help@example.com>")  # fmt: skip
    assert outcome.output == {"message_id": "14c5d75ce93.dfd.64b469"}
    assert ("SendGrid message", "14c5d75ce93.dfd.64b469") in row["references"]
    assert vendor.requests[0].json == {
        "personalizations": [{"to": [{"email": "a@example.com"}, {"email": "b@example.com", "name": "Bo"}]}],
        "from": {"email": "bot@example.com", "name": "Bot"},
        "reply_to": {"email": "help@example.com", "name": "Help"},
        "subject": "Calls", "content": [{"type": "text/plain", "value": "Hi"}, {
            "type": "text/html", "value": "<p>&lt;b&gt;5 &lt; 6&lt;/b&gt;<br>\nBye</p>"}],
    }  # fmt: skip


def test_a_template_takes_the_place_of_text_and_html(do, vendor):
    vendor.answers[SEND] = TAKEN
    send(do, text="", template_id="d-123", template_data='{"id": "{{interaction.id}}"}')
    sent = vendor.requests[0].json
    assert (sent["template_id"], sent["personalizations"][0]["dynamic_template_data"]) == ("d-123", {"id": "c-1"})
    assert "content" not in sent


@pytest.mark.parametrize(
    ("config", "says"),
    [({"to": "jane at example"}, "no email address"), ({"text": "", "html": ""}, "is empty"),
     ({"to": "{{contact.email}}"}, "no value in this run")],
)  # fmt: skip
def test_what_cannot_be_sent_is_told_before_anything_is(config, says, do, vendor):
    outcome, _ = send(do, **config)
    assert isinstance(outcome, Fail)
    assert says in outcome.message
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [(400, "Does not contain a valid address.", "Check the addresses"),
     (401, "The provided authorization grant is invalid, expired, or revoked", "Mail Send"),
     (403, "The from address does not match a verified Sender Identity", "Verify the sender")],
)  # fmt: skip
def test_what_sendgrid_refuses_is_told_with_its_words_and_advice(status, message, says, do, vendor):
    vendor.answers[SEND] = Answer(status, {"errors": [{"message": message, "field": None, "help": None}]})
    outcome, _ = send(do)
    assert f"SendGrid answered {status}" in outcome.message
    assert message.rstrip(".") in outcome.message
    assert says in outcome.message
    assert not outcome.retryable


def test_what_may_have_gone_out_is_not_sent_again(do, vendor):
    vendor.answers[SEND] = Answer(500, {"errors": [{"message": "unexpected error"}]})
    assert not send(do)[0].retryable
    vendor.answers[SEND] = Answer(503, {"errors": [{"message": "try later"}]})
    assert send(do)[0].retryable
