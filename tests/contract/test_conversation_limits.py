"""How much a conversation holds: its messages, a form, what is remembered of a contact (README, Limits)."""

import pytest

from runtime.models import Contact, Conversation
from tests.contract.chatting import ask, heard, say, started
from tests.contract.conftest import is_problem
from tests.flows import chain, end, node


@pytest.fixture
def jane(visit, publish):
    publish(chain(started(), ask("q", "?"), end()), kind="conversation")
    return visit()


def test_a_conversation_that_is_full_takes_no_more(jane):
    Conversation.objects.filter(pk=jane.id).update(said=2_000)
    assert is_problem(jane.send(text="One more"), 409)["type"].endswith("too_long")
    Conversation.objects.filter(pk=jane.id).update(said=1_999)
    assert jane.send(text="The last").status_code == 200


def test_a_form_of_more_than_fifty_fields_is_refused(jane):
    def filled(count):
        return jane.page.post(
            f"{jane.path}messages/", {"id": str(count), "form": dict.fromkeys(map(str, range(count)), "x")}
        )

    assert is_problem(filled(51), 422)["errors"][0]["pointer"] == "/form"
    assert filled(50).status_code == 200


def test_a_contact_is_remembered_by_a_hundred_attributes_of_two_thousand_characters(visit, publish):
    learn = []
    for turn in range(3):
        rows = [{"name": f"a{turn}_{number}", "value": "x" * 5_000} for number in range(50)]
        learn.append(node(f"set{turn}", "set_contact", {"attributes": rows}))
    publish(chain(heard(), *learn, say("done", "Noted"), end()), kind="conversation")
    assert visit().say("hello") == ["Noted"]
    remembered = Contact.objects.get().attributes
    assert len(remembered) == 100
    assert set(remembered.values()) == {"x" * 2_000 + "…"}
