"""Which flow a conversation starts: by conditions in AND and OR, hours, people, memory, meaning; and why not."""

import pytest

from runtime.models import Event, Run
from tests.contract.chatting import bye, heard, say, started
from tests.flows import chain, end
from tests.vendors import MODEL, completion, connect


@pytest.fixture
def flow(publish):
    """flow("Hello", trigger config) -> a live flow that says so when a conversation starts."""
    return lambda text="Hello", **config: publish(
        chain(started(**config), say("say", text), end()), kind="conversation", name=text
    )


@pytest.fixture
def hears(publish):
    return lambda text="Heard", **config: publish(
        chain(heard(**config), say("say", text), end()), kind="conversation", name=text
    )


def reason():
    (one,) = Event.objects.filter(type__startswith="conversation.").order_by("-id")[0].skipped
    return one["reason"]


PRICING = {"left": "{{visitor.page}}", "operator": "contains", "right": "/pricing"}
CASES = [
    (PRICING, {"page": "https://a.example/pricing"}, {"page": "https://a.example/"}),
    ({"left": "{{visitor.referrer}}", "operator": "contains", "right": "ads"}, {"referrer": "https://ads.example"}, {}),
    ({"left": "{{visitor.visits}}", "operator": "at_least", "right": "3"}, {"visits": 3}, {"visits": 2}),
    ({"left": "{{visitor.seconds_on_page}}", "operator": "greater", "right": "30"}, {"seconds_on_page": 31},
     {"seconds_on_page": 30}),
    ({"left": "{{visitor.online}}", "operator": "is_true"}, {"online": True}, {"online": False}),
    ({"left": "{{visitor.identified}}", "operator": "is_true"}, {"identified": True}, {}),
    ({"left": "{{visitor.phone_verified}}", "operator": "is_true"}, {"phone_verified": True}, {}),
    ({"left": "{{visitor.country}}", "operator": "in_list", "right": ["DE", "AT"]}, {"country": "AT"},
     {"country": "FR"}),
    ({"left": "{{visitor.browser_version}}", "operator": "at_least", "right": "120"}, {"browser": "Chrome 126.0"},
     {"browser": "Chrome 99.1"}),
    ({"left": "{{visitor.os}}", "operator": "equals", "right": "Windows"}, {"os": "Windows"}, {"os": "Linux"}),
    ({"any": [PRICING, {"all": [{"left": "{{visitor.device}}", "operator": "equals", "right": "Phone"},
                                {"left": "{{visitor.visits}}", "operator": "greater", "right": "1"}]}]},
     {"device": "Phone", "visits": 2}, {"device": "Phone", "visits": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("conditions", "fits", "not_so"), CASES)
def test_a_condition_starts_the_flow_or_leaves_its_reason(flow, visit, conditions, fits, not_so):
    flow(conditions=conditions)
    assert visit(visitor=fits).texts == ["Hello"]
    assert visit(visitor=not_so).texts == []
    assert reason()


@pytest.mark.parametrize(
    ("contact", "starts"),
    [
        ({"email": "j@acme.com"}, True), ({"id": "j"}, False), ({"id": "j", "tags": ["vip"]}, True),
        ({"id": "j", "plan": "enterprise"}, True), ({"id": "j", "plan": "free"}, False),
    ],
)  # fmt: skip
def test_what_is_known_of_the_contact_counts(flow, visit, contact, starts):
    flow(conditions={"any": [
        {"left": "{{contact.email}}", "operator": "is_set"},
        {"left": "{{contact.tags}}", "operator": "contains", "right": "vip"},
        {"left": "{{contact.plan}}", "operator": "equals", "right": "enterprise"}]})  # fmt: skip
    assert visit(contact=contact).texts == (["Hello"] if starts else [])


@pytest.mark.parametrize(
    ("config", "opening", "words"),
    [
        (
            {"ip_ranges": ["203.0.113.0/24"]},
            {"visitor": {"ip": "198.51.100.7"}},
            "the visitor's address is 198.51.100.7",
        ),
        ({"ip_ranges": ["2001:db8::/32"]}, {}, "the visitor's address is not known"),
        ({"channels": ["whatsapp"]}, {}, "the channel is chat"),
        ({"people": "offline"}, {}, "somebody is online"),
        ({"date_from": "2999-01-01"}, {}, "it starts on 2999-01-01"),
        ({"date_to": "2001-01-01"}, {}, "it ended on 2001-01-01"),
        ({"only_within": True, "days": [], "hours_from": "00:00", "hours_to": "00:00"}, {}, "it was "),
    ],
)
def test_what_else_is_asked_for_is_named_when_it_is_not_so(flow, visit, config, opening, words):
    flow(**config)
    assert visit(**opening).texts == []
    assert reason().startswith(words)


def test_an_address_within_the_range_starts_it(flow, visit):
    flow(ip_ranges=["198.51.100.0/24", "203.0.113.0/24"])
    assert visit(visitor={"ip": "203.0.113.9"}).texts == ["Hello"]


def test_the_flow_of_the_highest_priority_starts_and_the_other_says_why_not(flow, visit):
    flow("Later", priority=10)
    flow("First", priority=90)
    assert visit().texts == ["First"]
    assert reason() == "“First” goes before it, by its priority"


def test_once_for_each_contact_is_once(flow, visit):
    flow(frequency="once_per_contact")
    assert visit(contact={"id": "jane"}).texts == ["Hello"]
    assert visit(contact={"id": "jane"}).texts == []
    assert reason() == "it ran already for this contact"
    assert visit(contact={"id": "joe"}).texts == ["Hello"]
    assert visit().texts == ["Hello"]


def test_a_flow_that_is_switched_off_starts_nothing(flow, visit, program):
    made = flow()
    program.patch(f"/flows/{made['id']}/", {"enabled": False})
    assert visit().texts == []


@pytest.mark.parametrize(
    ("config", "said", "starts"),
    [
        ({}, "anything", True),
        ({"keywords_any": ["cancel"]}, "Please CANCEL it!", True),
        ({"keywords_any": ["cancel"]}, "cancellation policy", False),
        ({"keywords_any": ["my order"]}, "where is my  order?", True),
        ({"pattern": "(?i)order\\s+#?\\d{4}"}, "About order #1001", True),
        ({"pattern": "(?i)order\\s+#?\\d{4}"}, "About my order", False),
        ({"phrases": ["cancel my order"], "threshold": 0.7}, "I want to cancel my order now", True),
        ({"phrases": ["cancel my order"], "threshold": 0.7}, "What are your hours?", False),
        ({"phrases": ["cancel my order"], "threshold": 1}, "canceling orders", False),
    ],
)
def test_a_message_starts_a_flow_by_what_it_says(hears, visit, config, said, starts):
    hears(**config)
    assert visit().say(said) == (["Heard"] if starts else [])
    if not starts:
        assert reason().startswith("the message is not one it waits for")


def test_once_in_a_conversation_is_once(hears, visit):
    hears(frequency="once_per_conversation")
    jane = visit()
    assert jane.say("a") == ["Heard"]
    assert jane.say("b") == []
    assert reason() == "it ran already in this conversation"
    assert visit().say("c") == ["Heard"]


def test_the_step_shows_how_the_message_matched(hears, visit, program):
    hears(phrases=["cancel my order"], threshold=0.6)
    visit().say("cancel my order")
    run = program.get(f"/runs/{Run.objects.get().pk}/").value
    assert run["steps"][0]["output"]["score"] == 1.0
    assert run["steps"][0]["output"]["phrase"] == "cancel my order"
    assert run["steps"][1]["output"]["text"] == "Heard"


@pytest.fixture
def model(peer, workspace):
    """model({"phrase", "confidence"}) -> the id of a connection to a model that answers so."""

    def make(answer):
        peer.answers[MODEL] = completion(answer)
        return str(connect(workspace, "openai_compatible", peer.url, None).pk)

    return make


@pytest.mark.parametrize(
    ("answer", "starts"),
    [
        ({"phrase": "cancel my order", "confidence": 0.9}, True),
        ({"phrase": None, "confidence": 0.9}, False),
        ({}, False),
    ],
)
def test_a_model_says_what_a_message_means_and_likeness_where_it_cannot(hears, visit, model, peer, answer, starts):
    hears(phrases=["cancel my order"], threshold=0.7, mode="ai", connection=model(answer))
    assert visit().say("I do not want it any more") == (["Heard"] if starts else [])
    asked = peer.requests[0].json["messages"]
    assert "I do not want it any more" in asked[-1]["content"]


def test_in_hybrid_mode_a_sure_match_asks_no_model(hears, visit, model, peer):
    hears(phrases=["cancel my order"], threshold=0.7, mode="hybrid", connection=model({}))
    assert visit().say("cancel my order") == ["Heard"]
    assert visit().say("What is the weather like?") == []
    assert peer.requests == []


def test_while_a_flow_leads_a_message_starts_no_other(flow, hears, publish, visit):
    from tests.contract.chatting import ask

    hears()
    publish(chain(started(), ask("name", "Name?"), bye(text="Bye")), kind="conversation", name="Asks")
    jane = visit()
    assert jane.say("Jane") == ["Bye"]
    assert Run.objects.count() == 1
