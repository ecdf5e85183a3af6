"""axe on the pages about conversations, wide and narrow."""

import pytest

from runtime.chatting import add_message
from runtime.models import Conversation
from tests.browser.test_accessibility import NARROW, WIDE, axe, clean, ran, signed_in_page, small  # noqa: F401


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_conversation_and_the_hours_of_people(signed_in_page, ran, workspace, clean, size):  # noqa: F811
    talk = Conversation.objects.create(
        workspace=workspace, interaction_id="c", status="with_human", tags=["hot"], visitor={"page": "/pricing"},
        handoff={"queue": "Sales", "reason": "Large", "at": "2026-01-20T15:00:00Z", "run": str(ran.pk)},
    )  # fmt: skip
    for role, body in (("agent", {"buttons": [{"label": "Prices", "value": "p"}]}), ("user", {}), ("human", {})):
        add_message(talk, role, f"The {role} says this.", body, run_id=ran.pk if role == "agent" else None)
    workspace.availability = {"mode": "hours", "queues": {"Sales": {"mode": "offline"}}}
    workspace.save()
    signed_in_page.set_viewport_size(size)
    for path in (f"/conversations/{talk.pk}/", "/settings/workspace/hours/"):
        assert signed_in_page.goto(path).status == 200
        clean()
        assert signed_in_page.evaluate("document.documentElement.scrollWidth") <= size["width"]
