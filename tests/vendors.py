"""The vendors that the gallery's flows reach, all in one server, and connections that lead to it."""

import json

from integrations.connection_types import TYPES
from integrations.models import Connection
from tests.integrations.services.conftest import values_for
from tests.peers import Answer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of webhooks that come in
SID = "AC" + "0" * 32
SMS = f"/2010-04-01/Accounts/{SID}/Messages.json"
TICKETS, SLACK, MODEL = "/api/v2/tickets.json", "/api/chat.postMessage", "/chat/completions"
SERVICES = ("hubspot", "zendesk", "slack", "twilio", "stripe", "sendgrid", "famulor", "openai_compatible", "smtp")


def answers():
    """{path: what is answered when all is well}."""
    return {
        "/crm/v3/objects/contacts/batch/upsert": {"status": "COMPLETE", "results": [{"id": "512", "new": True}]},
        "/crm/v3/objects/contacts/search": {"total": 1, "results": [
            {"id": "512", "properties": {"firstname": "Jane", "lifecyclestage": "customer"}}]},
        "/crm/v3/objects/notes": Answer(201, {"id": "901"}),
        TICKETS: Answer(201, {"ticket": {"id": 35436, "status": "new"}}),
        SLACK: {"ok": True, "ts": "1503435956.000247", "channel": "C1"},
        SMS: Answer(201, {"sid": "SM1", "status": "queued", "num_segments": "1"}),
        "/v1/refunds": {"id": "re_1", "status": "succeeded", "amount": 12000, "currency": "usd"},
        "/v3/mail/send": Answer(202, b"", {"X-Message-Id": "m-1"}),
        "/orders/1001": {"status": "paid"}, "/orders/1001/cancel": {"cancelled": True},
        "/calls": {"results": [{"disposition": "resolved"}, {"disposition": "escalated"}, {"disposition": "resolved"}]},
        "/api/user/lead": Answer(201, {"data": {"id": 7, "status": "created"}}),
    }  # fmt: skip


def completion(said):
    """What a model answers when it says this JSON value."""
    message = {"role": "assistant", "content": json.dumps(said)}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]}


def connect(workspace, name, url, mail, label=""):
    """A connection of the type, called `label`, that leads to the vendors at `url` (mail to the mail server)."""
    kind = TYPES[name]
    own = mail.values if name == "smtp" else {"sender": "+18005550199"} if name == "twilio" else {}
    values = values_for(kind, url, **own)
    if name == "smtp":
        values |= {"username": "", "password": ""}
    public = {key: value for key, value in values.items() if key not in kind.secret_names}
    row = Connection(workspace=workspace, name=label or kind.label, type=name, config=public)
    row.set_secrets({key: values[key] for key in kind.secret_names if values[key]})
    row.full_clean()
    row.save()
    return row
