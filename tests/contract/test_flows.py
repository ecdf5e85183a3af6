"""Flows, drafts, ops, publishing, versions, diff (CONTRACT, Flows; SETTLED 1)."""

import copy

import pytest

from tests.contract.conftest import is_problem
from tests.flows import action_called, call_ended, chain, document, end, node, set_variable, wait_for

DOCUMENT = chain(call_ended(), set_variable("vars", topic="Call {{interaction.id}}"), end("end", "{{vars.topic}}"))
FLOW = {"id", "name", "description", "kind", "agents", "enabled", "draft", "published", "stats"}


@pytest.fixture
def flow(program):
    body = {"name": "Follow up", "description": "After calls", "kind": "post_call", "document": DOCUMENT}
    return program.post("/flows/", body).value


@pytest.fixture
def draft(program, flow):
    """The draft's address."""
    return f"/flows/{flow['id']}/draft/"


def op(path, **sides):
    return {"path": path, **sides}


def batch(program, draft, ops, base=None, client="c", seq=1):
    base = program.get(draft).value["revision"] if base is None else base
    return program.post(f"{draft}ops/", {"base": base, "client": client, "seq": seq, "ops": ops})


def renamed(label, before="vars"):
    return op("/nodes/vars/label", before=before, after=label)


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


# --- Drafts


def test_a_draft_has_its_revision_as_etag(program, draft):
    answer = program.get(draft)
    assert set(answer.value) >= {"document", "revision", "changed", "problems"}
    assert answer.headers["ETag"] == f'"{answer.value["revision"]}"'
    assert answer.value["problems"] == []
    ids = [each["id"] for each in answer.value["document"]["nodes"]]
    assert ids == sorted(ids)


def test_put_needs_the_revision_it_knows(program, draft):
    known = program.get(draft).headers["ETag"]
    is_problem(program.put(draft, DOCUMENT), 428)
    saved = program.put(draft, chain(call_ended(), end()), headers={"If-Match": known})
    assert (saved.status_code, saved.value["revision"]) == (200, int(known.strip('"')) + 1)
    stale = program.put(draft, DOCUMENT, headers={"If-Match": known})
    problem = is_problem(stale, 412)
    assert stale.headers["ETag"] == saved.headers["ETag"]
    assert problem["draft"]["document"] == saved.value["document"]
    is_problem(program.put(draft, DOCUMENT, headers={"If-Match": '"no revision"'}), 412)


def test_an_incomplete_draft_is_saved_and_its_problems_listed(program, draft):
    saved = program.put(draft, document([node("x", "api_request", {"url": 5})]), headers={"If-Match": "*"})
    assert saved.status_code == 200
    assert all(set(each) >= {"code", "severity", "message", "node", "field"} for each in saved.value["problems"])
    assert {"F001"} <= {each["code"] for each in saved.value["problems"]}
    stored = next(each for each in saved.value["document"]["nodes"] if each["id"] == "x")
    assert stored["config"] == {"url": 5}


@pytest.mark.parametrize("value", [
    [], "x", {"nodes": 5}, {"foo": 1}, {"nodes": [{"id": "a b", "type": "end"}]}, {"nodes": [5]}, {"schema": 99},
    {"nodes": [{"id": "a", "type": "end", "key": "a"}] * 2}, {"nodes": [{"id": "a", "type": "end", "config": []}]},
])  # fmt: skip
def test_what_is_no_document_is_422(program, draft, value):
    is_problem(program.put(draft, value, headers={"If-Match": "*"}), 422)


def test_more_than_two_mebibytes_or_10000_nodes_are_no_document(program, draft):
    long = node("n", "set_variable", {"assignments": [{"name": "a", "type": "text", "value": "x" * 2_100_000}]})
    many = document([node(f"n{number}", "end") for number in range(10_001)])
    for value in (document([long]), many):
        is_problem(program.put(draft, value, headers={"If-Match": "*"}), 422)


# --- Ops


def test_ops_are_saved_once_whatever_the_network_does(program, draft):
    base = program.get(draft).value["revision"]
    first = batch(program, draft, [renamed("Topic")], base)
    assert (first.status_code, first.value["revision"]) == (200, base + 1)
    assert set(first.value) >= {"revision", "problems", "dropped"}
    again = batch(program, draft, [renamed("Topic")], base)
    assert (again.status_code, again.value["revision"]) == (200, base + 1)


def test_ops_that_do_not_touch_the_same_are_merged(program, draft):
    base = program.get(draft).value["revision"]
    batch(program, draft, [renamed("Topic")], base, client="a")
    value = {"x": 32, "y": 64}
    second = batch(program, draft, [op("/layout/vars", after=value)], base, client="b")
    assert second.status_code == 200
    saved = program.get(draft).value["document"]
    assert saved["layout"]["vars"] == value
    assert "Topic" in [each["label"] for each in saved["nodes"]]


def test_a_true_conflict_is_409_with_the_ops_since_base(program, draft):
    base = program.get(draft).value["revision"]
    theirs = [renamed("Topic")]
    batch(program, draft, theirs, base, client="a")
    problem = is_problem(batch(program, draft, [renamed("Mine")], base, client="b"), 409)
    assert (problem["revision"], problem["ops"]) == (base + 1, theirs)


def test_an_edge_to_a_node_deleted_meanwhile_is_dropped_and_reported(program, draft):
    known = program.get(draft).value
    parts = {each["id"]: each for name in ("nodes", "edges") for each in known["document"][name]}
    gone = [op("/nodes/end", before=parts["end"]), op("/edges/e2", before=parts["e2"])]
    batch(program, draft, gone, known["revision"], client="a")
    added = node("more", "set_variable", {"assignments": []})
    edge = {"id": "new", "source": "more", "port": "next", "target": "end"}
    answer = batch(program, draft, [op("/nodes/more", after=added), op("/edges/new", after=edge)], known["revision"],
                   client="b")  # fmt: skip
    assert (answer.status_code, answer.value["dropped"]) == (200, ["new"])
    assert program.get(draft).value["document"]["edges"] == [parts["e1"]]


@pytest.mark.parametrize("bad", [
    [op("/edges/z", after={"id": "z", "source": "vars", "port": "next", "target": "end"})],
    [op("/edges/z", after={"id": "z", "source": "end", "port": "next", "target": "nowhere"})],
    [op("/nodes/z", after=node("z", "call_ended"))], [op("/nodes/vars/key", before="vars", after="end")],
])  # fmt: skip
def test_a_batch_that_breaks_the_structure_is_409_and_names_the_place(program, draft, bad):
    problem = is_problem(batch(program, draft, bad), 409)
    assert problem["errors"][0]["pointer"]
    assert set(problem) >= {"revision", "ops"}


@pytest.mark.parametrize("bad", [
    [op("/nodes/vars/label")], [op("/nodes/vars/colour", after=1)], [op("nodes/vars", after={})], [5], "x",
    [op("/nodes/vars/config/a/b", after=1)], [op("/schema", after=2)], [op("/nodes/z", after=node("y", "end"))],
])  # fmt: skip
def test_what_is_no_op_is_422(program, draft, bad):
    is_problem(batch(program, draft, bad), 422)


def test_null_is_a_value_and_an_absent_member_is_absent(program, draft):
    batch(program, draft, [op("/nodes/vars/config/extra", after=None)], seq=1)
    read = lambda: next(n for n in program.get(draft).value["document"]["nodes"] if n["id"] == "vars")  # noqa: E731
    assert read()["config"]["extra"] is None
    batch(program, draft, [op("/nodes/vars/config/extra", before=None)], seq=2)
    assert "extra" not in read()["config"]


def test_ops_need_who_and_where(program, draft):
    for body in ({}, {"base": 1, "ops": []}, {"base": "x", "client": "c", "seq": 1, "ops": []}, []):
        is_problem(program.post(f"{draft}ops/", body), 422)


# --- Publishing


def test_publishing_gives_numbered_versions(program, flow):
    path = f"/flows/{flow['id']}/"
    first = program.post(f"{path}publish/", {"note": "first", "revision": flow["draft"]["revision"]})
    assert first.status_code == 201
    assert (first.value["number"], first.value["note"]) == (1, "first")
    assert set(first.value) >= {"number", "at", "by", "note"}
    shown = program.get(path).value
    assert (shown["enabled"], shown["draft"]["changed"], shown["published"]) == (True, False, first.value)


def test_publishing_an_unchanged_draft_is_200_with_the_current_version(program, flow):
    path = f"/flows/{flow['id']}/publish/"
    first = program.post(path, {})
    again = program.post(path)
    assert (first.status_code, again.status_code, again.value) == (201, 200, first.value)


def test_publishing_what_is_not_current_is_412(program, flow, draft):
    batch(program, draft, [renamed("Topic")])
    problem = is_problem(program.post(f"/flows/{flow['id']}/publish/", {"revision": flow["draft"]["revision"]}), 412)
    assert problem["draft"]["revision"] == flow["draft"]["revision"] + 1
    assert program.get(f"/flows/{flow['id']}/").value["published"] is None


def test_publishing_what_has_errors_is_422_and_names_nodes(program, flow, draft):
    broken = document([call_ended(), node("look", "api_request", {"url": "https://example.com/{{vars.nothing}}"})],
                      [("start", "next", "look")])  # fmt: skip
    program.put(draft, broken, headers={"If-Match": "*"})
    problem = is_problem(program.post(f"/flows/{flow['id']}/publish/"), 422)
    assert {(each["code"], each["node"]) for each in problem["errors"]} == {("F003", "look"), ("F007", "look")}


def request(**config):
    return node("x", "api_request", {"url": "https://a.example", **config})


CODES = {
    "F001": document([end()]),
    "F002": document([call_ended(), node("other", "call_ended"), end()], [("start", "next", "end")]),
    "F003": document([call_ended()]),
    "F004": document([call_ended(), end(), end("lost")], [("start", "next", "end")]),
    "F005": chain(call_ended(), node("x", "no_such_type"), end()),
    "F006": chain(call_ended(), set_variable("x", **{"not a name": "1"}), end()),
    "F007": chain(call_ended(), end("end", "{{vars.nothing}}")),
    "F008": chain(action_called("a"), end()),
    "F011": chain(call_ended(), request(connection="nobody"), end()),
    "F012": chain(call_ended(), request(headers=[{"name": "Authorization", "value": "Bearer abc"}]), end()),
    "F013": document([call_ended(), set_variable("x", a="1"), set_variable("y", b="1")],
                     [("start", "next", "x"), ("x", "next", "y"), ("y", "next", "x")]),
    "F014": document([call_ended(), set_variable("x", a="1"), {**end("y"), "key": "x"}],
                     [("start", "next", "x"), ("x", "next", "y")]),
}  # fmt: skip
ACTION_CODES = {
    "F009": chain(action_called("a"), end()),
    "F010": chain(action_called("a", response_schema={"type": "object", "required": ["ok"]}),
                  node("r", "respond", {"response": '{"no": 1}'})),
    "F015": chain(action_called("a"), wait_for("w", 60), node("r", "respond", {"response": "{}"})),
}  # fmt: skip


@pytest.mark.parametrize("code", [*CODES, *ACTION_CODES])
def test_every_check_before_publishing_has_its_code(program, flow, code):
    value = CODES.get(code) or ACTION_CODES[code]
    if code in ACTION_CODES:
        flow = program.post("/flows/", {"name": "A", "kind": "action", "document": value}).value
    else:
        program.put(f"/flows/{flow['id']}/draft/", value, headers={"If-Match": "*"})
    answer = program.post(f"/flows/{flow['id']}/validate/")
    assert answer.status_code == 200
    assert set(answer.value) == {"problems"}
    found = {each["code"]: each for each in answer.value["problems"]}
    assert code in found, found
    assert set(found[code]) >= {"code", "severity", "message", "node", "field", "fix"}
    assert found[code]["severity"] == "error"
    severities = [each["severity"] for each in answer.value["problems"]]
    assert severities == sorted(severities)
    is_problem(program.post(f"/flows/{flow['id']}/publish/"), 422)


def test_warnings_are_listed_and_do_not_stop_publishing(program, flow, draft):
    call = node("x", "api_request", {"method": "POST", "url": "https://a.example", "idempotency_header": None})
    program.put(draft, document([call_ended(), call, end()], [("start", "next", "x"), ("x", "success", "end")]),
                headers={"If-Match": "*"})  # fmt: skip
    problems = program.post(f"/flows/{flow['id']}/validate/").value["problems"]
    assert {each["severity"] for each in problems} == {"warning"}
    assert {each["code"] for each in problems} >= {"W101", "W102"}
    assert program.post(f"/flows/{flow['id']}/publish/").status_code == 201


# --- Versions


@pytest.fixture
def changed(program, flow, draft):
    """Published, then changed: renamed, moved, another text."""
    program.post(f"/flows/{flow['id']}/publish/", {"note": "first"})
    value = copy.deepcopy(program.get(draft).value["document"])
    for each in value["nodes"]:
        if each["id"] == "vars":
            each["label"] = "Topic"
            each["config"]["assignments"][0]["value"] = "Case {{interaction.id}}"
    value["layout"]["vars"] = {"x": 160, "y": 160}
    program.put(draft, value, headers={"If-Match": "*"})
    return flow


def test_undo_changes_gives_the_published_document_exactly(program, changed, draft):
    path = f"/flows/{changed['id']}/"
    published = program.get(f"{path}versions/1/").value["document"]
    undone = program.post(f"{path}undo-changes/")
    assert (undone.status_code, undone.value["document"]) == (200, published)
    assert program.get(draft).value["document"] == published
    assert program.get(path).value["draft"]["changed"] is False


def test_there_is_nothing_to_undo_where_nothing_was_published(program, flow):
    is_problem(program.post(f"/flows/{flow['id']}/undo-changes/"), 409)


def test_a_diff_says_what_changed_in_plain_words(program, changed):
    path = f"/flows/{changed['id']}/versions/1/diff/"
    changes = program.get(path).value["changes"]
    assert program.get(f"{path}?against=draft").value["changes"] == changes
    assert all(set(each) >= {"kind", "node", "field", "before", "after", "text"} for each in changes)
    assert changes[0]["text"] == "Renamed vars to Topic."
    assert any("“Call {{interaction.id}}”" in each["text"] or "Variables" in each["text"] for each in changes)
    assert changes[-1]["kind"] == "layout"
    assert program.get(f"/flows/{changed['id']}/").value["draft"]["changes"] == len(changes) - 1
    assert program.get(f"{path}?against=1").value == {"changes": []}
    is_problem(program.get(f"{path}?against=9"), 404)
    is_problem(program.get(f"{path}?against=x"), 422)


def test_versions_are_listed_shown_and_restored(program, changed, draft):
    path = f"/flows/{changed['id']}/"
    program.post(f"{path}publish/", {"note": "second"})
    listed = program.get(f"{path}versions/").value
    assert set(listed) == {"results", "next"}
    assert [(each["number"], each["note"]) for each in listed["results"]] == [(2, "second"), (1, "first")]
    first = program.get(f"{path}versions/1/").value
    assert set(first) >= {"number", "at", "by", "note", "document"}
    restored = program.post(f"{path}versions/1/restore/")
    assert (restored.status_code, restored.value["document"]) == (200, first["document"])
    assert program.get(path).value["published"]["number"] == 2
    for address in ("versions/9/", "versions/9/diff/"):
        is_problem(program.get(path + address), 404)
    is_problem(program.post(f"{path}versions/9/restore/"), 404)


def test_going_back_can_be_gone_back_on(program, changed, draft):
    path = f"/flows/{changed['id']}/"
    before = program.get(draft).value["document"]
    program.post(f"{path}undo-changes/")
    (snapshot,) = program.get(f"{draft}snapshots/").value["results"]
    assert program.post(f"{draft}snapshots/{snapshot['id']}/restore/").value["document"] == before


def test_a_run_goes_on_with_the_version_it_started_on(program, publish, ended):
    flow = publish(chain(call_ended(), wait_for("w", 0.3), end("end", "old")))
    run = program.post("/events/", {"type": "call.ended", "interaction": {"id": "1"}}).value["runs"][0]["id"]
    ended(run, "waiting")
    program.put(f"/flows/{flow['id']}/draft/", chain(call_ended(), end("end", "new")), headers={"If-Match": "*"})
    program.post(f"/flows/{flow['id']}/publish/")
    assert (ended(run)["outcome"], program.get(f"/runs/{run}/").value["version"]) == ("old", 1)


@pytest.mark.parametrize(("waiting", "status"), [("keep", "waiting"), ("cancel", "cancelled")])
def test_unpublishing_stops_new_runs_and_keeps_or_cancels_the_waiting(program, publish, ended, waiting, status):
    flow = publish(chain(call_ended(), wait_for("w", 3600), end()))
    run = program.post("/events/", {"type": "call.ended", "interaction": {"id": "1"}}).value["runs"][0]["id"]
    ended(run, "waiting")
    answer = program.post(f"/flows/{flow['id']}/unpublish/", {"waiting": waiting})
    assert answer.status_code == 200
    assert program.get(f"/runs/{run}/").value["status"] == status
    shown = program.get(f"/flows/{flow['id']}/").value
    assert (shown["published"], shown["enabled"], shown["draft"]["changed"]) == (None, False, True)
    assert program.post("/events/", {"type": "call.ended", "interaction": {"id": "2"}}).value["runs"] == []
    is_problem(program.post(f"/flows/{flow['id']}/unpublish/", {"waiting": "maybe"}), 422)


def test_live_off_refuses_new_runs_and_lets_the_waiting_go_on(program, publish, ended):
    flow = publish(chain(call_ended(), wait_for("w", 0.3), end()))
    run = program.post("/events/", {"type": "call.ended", "interaction": {"id": "1"}}).value["runs"][0]["id"]
    ended(run, "waiting")
    off = program.patch(f"/flows/{flow['id']}/", {"enabled": False}).value
    assert (off["enabled"], off["published"]["number"]) == (False, 1)
    assert program.post("/events/", {"type": "call.ended", "interaction": {"id": "2"}}).value["runs"] == []
    assert ended(run)["status"] == "succeeded"


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


# --- A config is kept verbatim, whatever it holds (SETTLED 1.7)

WEIRD = [None, True, 0, -1, 1e300, "", "x", "{{x}}", [], [[]], [None], [5], {}, {"a": {"b": [1]}}]


def test_no_value_of_any_field_or_setting_keeps_a_draft_from_being_judged(program, flow):
    path = f"/flows/{flow['id']}/validate/"
    for kind in program.get("/node-types/").value:
        configs = [{**kind["example"]["config"], field["name"]: value} for field in kind["fields"] for value in WEIRD]
        nodes = [{"id": f"n{at}", "type": kind["type"], "key": f"n{at}", "config": c} for at, c in enumerate(configs)]
        assert program.post(path, document(nodes)).status_code == 200, kind["type"]
    named = [(name, value) for name in ("retry", "timeout_seconds", "on_error", "unknown") for value in WEIRD]
    nodes = [{**end(f"n{at}"), "settings": {name: value}} for at, (name, value) in enumerate(named)]
    assert program.post(path, document(nodes)).status_code == 200


@pytest.mark.parametrize("assignments", [5, [[]], [None], [{}], [5], {"a": 1}])
def test_rows_that_are_none_are_problems_with_their_place(program, draft, assignments):
    value = document([call_ended(), node("vars", "set_variable", {"assignments": assignments}), end()])
    saved = program.put(draft, value, headers={"If-Match": "*"})
    assert saved.status_code == 200
    assert any(
        problem["code"] == "F006" and problem["field"].startswith("/config/assignments")
        for problem in saved.value["problems"]
    )
    assert next(each for each in saved.value["document"]["nodes"] if each["id"] == "vars")["config"] == {
        "assignments": assignments
    }
