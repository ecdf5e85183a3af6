"""Flows, and the variables in scope of their steps (CONTRACT, Flows)."""

from tests.contract.conftest import is_problem
from tests.flows import action_called, call_ended, chain, end, node, set_variable, wait_for

FLOW = {"id", "name", "description", "kind", "agents", "enabled", "draft", "published", "stats"}


# --- The flow


def test_a_new_flow_has_every_member(program, flow):
    assert set(flow) >= FLOW
    assert (flow["name"], flow["kind"], flow["agents"], flow["enabled"]) == ("Follow up", "post_call", [], False)
    assert set(flow["draft"]) >= {"revision", "changed", "problems"}
    assert (flow["draft"]["changed"], flow["draft"]["problems"], flow["published"]) == (True, 0, None)
    assert program.get(f"/flows/{flow['id']}/").value == flow


def test_flows_are_listed_by_page(program):
    for number in range(5):
        program.post("/flows/", {"name": f"Flow {number}", "kind": "post_call"})
    seen, address = [], "/flows/?limit=2"
    while address:
        page = program.get(address).value
        assert set(page) == {"results", "next"}
        seen += [flow["name"] for flow in page["results"]]
        address = page["next"]
    assert seen == [f"Flow {number}" for number in range(5)]
    assert len(program.get("/flows/?limit=200").value["results"]) == 5


def test_patch_takes_name_description_and_enabled_and_nothing_else(program, flow):
    path = f"/flows/{flow['id']}/"
    changed = program.patch(path, {"name": "Other", "description": "New"})
    assert (changed.status_code, changed.value["name"], changed.value["description"]) == (200, "Other", "New")
    for body in ({"kind": "action"}, {"agents": ["a"]}, {"bogus": 1}, {"name": ""}, {"enabled": "maybe"}):
        is_problem(program.patch(path, body), 422)
    is_problem(program.patch(path, {"enabled": True}), 409)


def test_agents_come_from_the_trigger(program, publish):
    program.post("/agents/", {"name": "Sales", "slug": "sales"})
    flow = publish(chain(call_ended(agents=["sales"]), end()))
    assert flow["agents"] == ["sales"]
    program.put(f"/flows/{flow['id']}/draft/", chain(call_ended(), end()), headers={"If-Match": "*"})
    assert program.get(f"/flows/{flow['id']}/").value["agents"] == ["sales"]  # the published one's


def test_an_agent_that_is_not_there_cannot_be_published(program):
    body = {"name": "F", "kind": "post_call", "document": chain(call_ended(agents=["nobody"]), end())}
    flow = program.post("/flows/", body).value
    is_problem(program.post(f"/flows/{flow['id']}/publish/"), 422)


def test_creating_twice_with_one_key_makes_one_flow(program):
    body, key = {"name": "F", "kind": "post_call"}, {"Idempotency-Key": "k"}
    first, again = program.post("/flows/", body, headers=key), program.post("/flows/", body, headers=key)
    assert (first.status_code, again.status_code, again.value) == (201, 201, first.value)
    is_problem(program.post("/flows/", {**body, "name": "G"}, headers=key), 422)
    assert len(program.get("/flows/").value["results"]) == 1


def test_a_deleted_flow_is_gone(program, flow):
    path = f"/flows/{flow['id']}/"
    assert program.delete(path).status_code == 204
    is_problem(program.get(path), 404)
    is_problem(program.delete(path), 404)


def test_a_flow_with_open_runs_is_deleted_only_with_them(program, publish, ended):
    flow = publish(chain(call_ended(), wait_for("later", 3600), end()))
    run = program.post("/events/", {"type": "call.ended", "interaction": {"id": "1"}}).value["runs"][0]["id"]
    ended(run, "waiting")
    is_problem(program.delete(f"/flows/{flow['id']}/"), 409)
    assert program.delete(f"/flows/{flow['id']}/?cancel=1").status_code == 204
    assert program.get(f"/runs/{run}/").value["status"] == "cancelled"


def test_a_copy_is_a_draft_of_its_own(program, flow):
    copied = program.post(f"/flows/{flow['id']}/duplicate/")
    assert copied.status_code == 201
    assert (copied.value["published"], copied.value["kind"]) == (None, "post_call")
    assert copied.value["id"] != flow["id"]
    drafts = [program.get(f"/flows/{each['id']}/draft/").value["document"] for each in (flow, copied.value)]
    assert drafts[0] == drafts[1]


# --- Variables in scope


def test_variables_in_scope_are_named_with_type_and_source(program, publish):
    doc = chain(action_called("a", inputs=[{"name": "n", "type": "integer"}]), set_variable("v", topic="x"),
                node("r", "respond", {"response": '{"a": "{{vars.topic}}"}'}))  # fmt: skip
    flow = publish(doc, kind="action")
    path = f"/flows/{flow['id']}/variables/"
    found = {each["path"]: each for each in program.get(f"{path}?node=r").value}
    assert all(set(each) >= {"path", "type", "label", "source", "sample"} for each in found.values())
    assert (found["args.n"]["type"], found["vars.topic"]["type"]) == ("number", "text")
    assert found["interaction.duration_seconds"]["type"] == "number"
    types = {"text", "number", "boolean", "datetime", "list", "object", "any"}
    assert {each["type"] for each in found.values()} <= types
    assert "vars.topic" not in {each["path"] for each in program.get(f"{path}?node=v").value}
    is_problem(program.get(f"{path}?node=nobody"), 404)
