"""POST /actions/<name>/ and the list of them as tool definitions (CONTRACT, Actions); F3 of FLOWS."""

import threading
import time

import pytest

from tests.contract.conftest import is_problem
from tests.flows import action_called, chain, decision, document, end, node, post_json, respond, set_variable
from tests.peers import Answer

INPUTS = [
    {"name": "order_id", "type": "string", "required": True, "description": "The order's number"},
    {"name": "reason", "type": "string", "enum": ["late", "broken"]},
    {"name": "count", "type": "integer"}, {"name": "price", "type": "number"}, {"name": "gift", "type": "boolean"},
    {"name": "address", "type": "object"}, {"name": "items", "type": "array"},
]  # fmt: skip
SORRY = {"cancelled": False, "message": "I could not cancel it now, a colleague will follow up"}
SCHEMA = {
    "type": "object", "required": ["cancelled", "message"], "additionalProperties": False,
    "properties": {"cancelled": {"type": "boolean"}, "message": {"type": "string"},
                   "refund_eta_days": {"type": "integer"}},
}  # fmt: skip


def cancel_order(shop, deadline=2):
    """F3: look the order up, cancel it if it can be, say so."""
    start = action_called("cancel_order", description="Cancels an order.", inputs=INPUTS, response_schema=SCHEMA,
                          deadline_seconds=deadline, fallback_response=SORRY)  # fmt: skip
    look = node("look", "api_request", {"url": f"{shop}/orders/{{{{args.order_id}}}}", "response_mapping": [
        {"path": "$.status", "variable": "status"}]})  # fmt: skip
    can = decision("can", "{{vars.status}}", "in_list", "paid, processing", branch="open")
    cancel = post_json("cancel", f"{shop}/orders/{{{{args.order_id}}}}/cancel",
                       headers=[{"name": "Idempotency-Key", "value": "{{run.id}}"}])  # fmt: skip
    done = respond("done", '{"cancelled": true, "message": "Order {{args.order_id}} is cancelled"}')
    shipped = respond("shipped", '{"cancelled": false, "message": "already shipped"}')
    return document([start, look, can, cancel, done, shipped], [
        ("start", "next", "look"), ("look", "success", "can"), ("can", "open", "cancel"), ("can", "else", "shipped"),
        ("cancel", "success", "done"),
    ])  # fmt: skip


@pytest.fixture
def shop(peer):
    over = threading.Event()
    peer.answers = {
        "/orders/A-1": {"status": "paid"}, "/orders/A-2": {"status": "shipped"},
        "/orders/A-1/cancel": {"ok": True}, "/orders/A-3": Answer(500, {"message": "down"}),
        "/orders/A-4": lambda asked: over.wait(20) and {"status": "paid"},  # sleeps until the test is over
    }  # fmt: skip
    yield peer
    over.set()


def ask(program, order, **more):
    return program.post("/actions/cancel_order/", {"arguments": {"order_id": order}, **more})


def test_f3_an_order_is_cancelled_during_the_call(publish, program, shop):
    publish(cancel_order(shop.url), kind="action")
    answer = ask(program, "A-1", interaction={"id": "call-1"}, tool_call_id="t1")
    assert answer.status_code == 200
    assert set(answer.value) == {"run", "status", "response", "continues"}
    assert answer.value["status"] == "succeeded"
    assert answer.value["response"] == {"cancelled": True, "message": "Order A-1 is cancelled"}
    assert answer.value["continues"] is False
    posts = [asked for asked in shop.requests if asked.method == "POST"]
    assert [asked.headers["idempotency-key"] for asked in posts] == [answer.value["run"]]


def test_f3_a_shipped_order_is_not(publish, program, shop):
    publish(cancel_order(shop.url), kind="action")
    assert ask(program, "A-2").value["response"] == {"cancelled": False, "message": "already shipped"}
    assert [asked.method for asked in shop.requests] == ["GET"]


def test_f3_a_shop_that_is_down_gives_the_fallback(publish, program, shop):
    publish(cancel_order(shop.url), kind="action")
    answer = ask(program, "A-3").value
    assert (answer["status"], answer["response"]) == ("fallback", SORRY)
    assert program.get(f"/runs/{answer['run']}/").value["status"] == "failed"


def test_f3_a_shop_that_sleeps_does_not_keep_the_agent_past_the_deadline(publish, program, shop):
    publish(cancel_order(shop.url, deadline=1), kind="action")
    began = time.monotonic()
    answer = ask(program, "A-4").value
    assert time.monotonic() - began < 1.25 + 0.35  # the contract's 250 ms, and the machine the tests run on
    assert (answer["status"], answer["response"], answer["continues"]) == ("timed_out", SORRY, False)


def test_f3_the_same_call_again_has_the_same_answer_and_no_second_effect(publish, program, shop):
    publish(cancel_order(shop.url), kind="action")
    first = ask(program, "A-1", tool_call_id="t1").value
    assert ask(program, "A-1", tool_call_id="t1").value == first
    assert len([asked for asked in shop.requests if asked.method == "POST"]) == 1


def test_f3_as_vapi_says_it(publish, program, shop):
    publish(cancel_order(shop.url), kind="action")
    agent = program.post("/agents/", {"name": "Support", "slug": "support", "platform": "vapi"}).value
    call = {"id": "abc123", "name": "cancel_order", "parameters": {"order_id": "A-1"}}
    body = {"message": {"type": "tool-calls", "toolCallList": [call], "call": {"id": "c1", "type": "webCall"}}}
    answer = program.post(agent["receivers"]["vapi"], body)
    assert answer.status_code == 200
    (result,) = answer.value["results"]
    assert (result["toolCallId"], result["name"]) == ("abc123", "cancel_order")
    assert result["result"] == '{"cancelled":true,"message":"Order A-1 is cancelled"}'


def test_wrong_arguments_are_all_named_and_start_nothing(publish, program, shop):
    publish(cancel_order(shop.url), kind="action")
    wrong = {"reason": "bored", "count": 1.5, "price": "9", "gift": "yes", "address": [], "items": {}}
    problem = is_problem(program.post("/actions/cancel_order/", {"arguments": wrong}), 422)
    assert {error["pointer"] for error in problem["errors"]} == {
        f"/arguments/{name}" for name in ("order_id", "reason", "count", "price", "gift", "address", "items")
    }
    assert program.get("/runs/").value["results"] == []


@pytest.mark.parametrize("body", [[], {"bogus": 1}, {"arguments": []}, {"interaction": 5}, {"tool_call_id": 5}])
def test_a_body_that_is_no_call_is_422(publish, program, shop, body):
    publish(cancel_order(shop.url), kind="action")
    is_problem(program.post("/actions/cancel_order/", body), 422)


def test_an_unknown_or_switched_off_action_is_not_found(publish, program, shop):
    is_problem(program.post("/actions/cancel_order/", {}), 404)
    flow = publish(cancel_order(shop.url), kind="action")
    program.patch(f"/flows/{flow['id']}/", {"enabled": False})
    is_problem(ask(program, "A-1"), 404)


def test_an_action_of_another_workspace_is_not_found(publish, stranger, shop):
    publish(cancel_order(shop.url), kind="action")
    is_problem(ask(stranger, "A-1"), 404)


def test_a_response_that_breaks_its_schema_is_the_fallback(publish, program):
    start = action_called("look_up", response_schema=SCHEMA, fallback_response=SORRY, inputs=[{"name": "a"}])
    publish(chain(start, respond("r", '{"cancelled": {{args.a}}, "message": "m"}')), kind="action")
    answer = program.post("/actions/look_up/", {"arguments": {"a": "not a truth"}}).value
    assert (answer["status"], answer["response"]) == ("fallback", SORRY)


def test_steps_after_respond_run_in_the_worker(publish, program, ended):
    flow = chain(
        action_called(), respond("r", '{"a": 1}'), set_variable("after", done="yes"), end("end", "{{vars.done}}")
    )
    publish(flow, kind="action")
    answer = program.post("/actions/look_up/", {}).value
    assert (answer["response"], answer["continues"]) == ({"a": 1}, True)
    run = ended(answer["run"])
    assert (run["status"], run["outcome"], run["response"]) == ("succeeded", "yes", {"a": 1})


def test_the_same_key_is_the_same_answer_and_another_body_is_422(publish, program):
    publish(chain(action_called(inputs=[{"name": "a"}]), respond("r", '{"a": "{{args.a}}"}')), kind="action")
    key = {"Idempotency-Key": "k"}
    first, again = (program.post("/actions/look_up/", {"arguments": {"a": "1"}}, headers=key) for _ in range(2))
    assert first.value == again.value
    is_problem(program.post("/actions/look_up/", {"arguments": {"a": "2"}}, headers=key), 422)


def test_the_call_so_far_is_in_scope(publish, program):
    text = (
        '{"id": "{{interaction.ID}}", "ani": "{{interaction.ANI}}", "plan": "{{vars.plan}}", "who": "{{contact.name}}"}'
    )
    publish(chain(action_called(), set_variable("v", plan='{{vars.plan | default: "x"}}'), respond("r", text)),
            kind="action")  # fmt: skip
    body = {
        "interaction": {"id": "c1", "from": "+14155551234"},
        "contact": {"name": "Jane"},
        "variables": {"plan": "pro"},
    }
    response = program.post("/actions/look_up/", body).value["response"]
    assert response == {"id": "c1", "ani": "+14155551234", "plan": "pro", "who": "Jane"}


SHAPE = {
    "type": "object", "required": ["order_id"], "additionalProperties": False,
    "properties": {
        "order_id": {"type": "string", "description": "The order's number"},
        "reason": {"type": "string", "enum": ["late", "broken"]}, "count": {"type": "integer"},
        "price": {"type": "number"}, "gift": {"type": "boolean"}, "address": {"type": "object"},
        "items": {"type": "array"},
    },
}  # fmt: skip


@pytest.mark.parametrize(("format", "tool"), [
    ("openai", {"type": "function", "function": {"name": "cancel_order", "description": "Cancels an order.",
                                                 "parameters": SHAPE}}),
    ("anthropic", {"name": "cancel_order", "description": "Cancels an order.", "input_schema": SHAPE}),
    ("mcp", {"name": "cancel_order", "description": "Cancels an order.", "inputSchema": SHAPE}),
    ("jsonschema", {"name": "cancel_order", "description": "Cancels an order.", "schema": SHAPE}),
])  # fmt: skip
def test_published_actions_are_tool_definitions(publish, program, shop, format, tool):
    publish(cancel_order(shop.url), kind="action")
    assert program.get(f"/actions/?format={format}").value == {"tools": [tool]}


def test_only_the_actions_of_an_agent_are_listed_for_it(publish, program):
    for slug in ("sales", "support"):
        program.post("/agents/", {"name": slug, "slug": slug})
    publish(chain(action_called("sell", agents=["sales"]), respond()), kind="action")
    publish(chain(action_called("help"), respond()), kind="action")
    named = {slug: [tool["name"] for tool in program.get(f"/actions/?agent={slug}").value["tools"]]
             for slug in ("sales", "support")}  # fmt: skip
    assert named == {"sales": ["help", "sell"], "support": ["help"]}
    is_problem(program.get("/actions/?format=soap"), 400)


@pytest.mark.parametrize("name", ["", "with space", "a" * 64, "äh"])
def test_a_name_no_agent_could_call_cannot_be_published(program, name):
    flow = program.post("/flows/", {"name": "F", "kind": "action",
                                    "document": chain(action_called(name), respond())}).value  # fmt: skip
    problem = is_problem(program.post(f"/flows/{flow['id']}/publish/"), 422)
    assert ("F006", "start", "/config/name") in [(e["code"], e["node"], e["pointer"]) for e in problem["errors"]]


@pytest.mark.parametrize("config", [{"deadline_seconds": 0}, {"deadline_seconds": 61}, {"description": "x" * 501}])
def test_limits_of_an_action_are_checked_before_publishing(program, config):
    document = chain(action_called("a", **config), respond())
    flow = program.post("/flows/", {"name": "F", "kind": "action", "document": document}).value
    is_problem(program.post(f"/flows/{flow['id']}/publish/"), 422)


def test_two_flows_cannot_answer_to_one_name(publish, program):
    publish(chain(action_called("one"), respond()), kind="action")
    flow = program.post("/flows/", {"name": "F", "kind": "action", "document": chain(action_called("one"), respond())})
    is_problem(program.post(f"/flows/{flow.value['id']}/publish/"), 422)
