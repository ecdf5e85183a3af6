"""Graphs that nobody would draw: each is saved or refused in words, judged, tried and published without a mistake of
ours, whatever the way it goes; large ones within their time (SAFETY section 7, Graphs).
"""

import time

import pytest

from tests.flows import call_ended, chain, decision, end, node, post_json, set_variable, wait_for

START, DONE, PLAIN = call_ended(), end(), set_variable("plain", x="1")
TURN = wait_for("turn", 1)


def raw(nodes=(START, DONE), edges=(), **more):
    return {"schema": 1, "nodes": list(nodes), "edges": list(edges), "layout": {}, "notes": [], **more}


def edge(source="start", target="end", port="next", id="e1", **more):
    return {"id": id, "source": source, "port": port, "target": target, **more}


def flow_through(*nodes, edges=()):
    return chain(START, *nodes, DONE, edges=edges)


def ladder(rungs):
    """Two ways from each rung to the next: 2^rungs ways to the end."""
    steps = [decision(f"rung{number}", "{{vars.x | default: 1}}", "is_set") for number in range(rungs)]
    again = tuple((f"rung{number}", "yes", f"rung{number + 1}") for number in range(rungs - 1))
    return flow_through(*steps, edges=(*again, (f"rung{rungs - 1}", "yes", DONE["id"])))


def settings(**settings):
    return flow_through({**PLAIN, "settings": settings})


HOSTILE = {
    "nothing at all": raw(()),
    "only a start": raw((START,)),
    "only an end": raw((DONE,)),
    "two starts": raw((START, {**START, "id": "again", "key": "again"}), [edge(target="again")]),
    "a start after the end": raw((DONE, START), [edge("end", "start")]),
    "an edge into the start": flow_through(PLAIN, edges=(("plain", "error", "start"),)),
    "an edge to itself": raw((START, PLAIN), [edge("start", "plain"), edge("plain", "plain", id="e2")]),
    "a circle of two": raw((START, PLAIN, {**PLAIN, "id": "b", "key": "b"}),
                           [edge("start", "plain"), edge("plain", "b", id="e2"), edge("b", "plain", id="e3")]),
    "a circle that waits": raw((START, TURN), [edge("start", "turn"), edge("turn", "turn", id="e2")]),
    "a circle apart from everything": raw(
        (START, DONE, PLAIN), [edge(), edge("plain", "plain", id="e2")]),
    "two edges of one port": raw((START, DONE, PLAIN), [edge(), edge("start", "plain", id="e2")]),
    "one edge twice": raw(edges=[edge(), edge()]),
    "two edges of one id": raw((START, PLAIN, DONE), [edge("start", "plain"), edge("plain", "end", id="e1")]),
    "an edge from nowhere": raw(edges=[edge("ghost", "end")]),
    "an edge to nowhere": raw(edges=[edge("start", "ghost")]),
    "an edge of a port that is not there": raw(edges=[edge(port="sideways")]),
    "an edge of a port of another type": raw(edges=[edge(port=3)]),
    "a port called like a member": raw(edges=[edge(port="__proto__")]),
    "an edge with a config": raw(edges=[edge(config={})]),
    "nodes of one id": raw((START, START)),
    "nodes of one key": raw((START, {**DONE, "key": "start"}), [edge()]),
    "ids that are paths": raw((START, {**DONE, "id": "../../x"}), [edge(target="../../x")]),
    "ids that are members": raw(({**START, "id": "__proto__"}, {**DONE, "id": "constructor"}),
                                [edge("__proto__", "constructor")]),
    "an id of a thousand letters": raw((START, {**DONE, "id": "x" * 1_000})),
    "a key that is no name": raw((START, {**DONE, "key": "a.b[0]"}), [edge()]),
    "a key that shadows": raw((START, {**PLAIN, "key": "steps"}, DONE), [edge(target="plain")]),
    "a type nobody knows": flow_through(node("odd", "../secrets")),
    "a type that is a list": raw((START, {**DONE, "type": ["end"]}), [edge()]),
    "a label of markup": flow_through({**PLAIN, "label": "<script>alert(1)</script>" * 8}),
    "a disabled start": raw(({**START, "settings": {"disabled": True}}, DONE), [edge()]),
    "everything disabled": raw(({**START, "settings": {"disabled": True}}, {**DONE, "settings": {"disabled": True}}),
                               [edge()]),
    "tries without end": settings(retry={"max_attempts": 10**9, "backoff_seconds": 10**9, "factor": 10**9}),
    "more tries than can be written": settings(retry={"max_attempts": 10**400, "factor": 10**400},
                                               timeout_seconds=10**400),
    "less than no time": settings(timeout_seconds=-1, retry={"max_attempts": -1}),
    "an error path of a step that has none": raw(({**START, "settings": {"on_error": "branch"}}, DONE),
                                                 [edge(), edge(port="error", id="e2")]),
    "a branch without a name": flow_through(node("check", "decision", {"branches": [{"conditions": {"all": []}}]})),
    "a hundred branches": flow_through(node("check", "decision", {"branches": [
        {"id": f"b{number}", "label": "", "conditions": {"all": []}} for number in range(100)]})),
    "conditions in conditions": flow_through(node("check", "decision", {"branches": [
        {"id": "yes", "label": "", "conditions": {"all": [{"any": [{"all": [{"any": [{"all": [{}]}]}]}]}]}}]})),
    "itself in what it says": flow_through(set_variable("plain", x="{{steps.plain.x}}{{vars.x}}{{steps.end.y}}")),
    "layout of others": raw(edges=[edge()], layout={"ghost": {"x": 1e308, "y": -1e308}}),
    "a place that is no number": raw(edges=[edge()], layout={"start": {"x": "NaN", "y": None}}),
    "notes everywhere": raw(edges=[edge()], notes=[
        {"id": f"n{n}", "x": n, "y": n, "width": -1, "height": 10**9, "text": "x", "color": "url(x)"}
        for n in range(200)]),
    "another schema": raw(edges=[edge()]) | {"schema": 10**9},
    "a calling step with everything odd": flow_through(
        {**post_json("call", "http://[::1"), "config": {"method": [], "url": {}, "headers": 5, "body": []}}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_an_odd_graph_is_no_mistake_of_ours(api, flow, name):
    path = f"/flows/{flow.pk}"
    answers = [
        api.put(f"{path}/draft/", HOSTILE[name], If_Match="*"), api.post(f"{path}/validate/", HOSTILE[name]),
        api.post(f"{path}/try/", {"event": {"type": "call.ended"}, "mode": "dry"}), api.post(f"{path}/publish/", {}),
        api.get(f"{path}/variables/?node=end"),
    ]  # fmt: skip
    statuses = [answer.status_code for answer in answers]
    assert statuses[0] in (200, 422), answers[0].value
    assert max(statuses) < 500, dict(zip(("save", "validate", "try", "publish", "variables"), statuses, strict=True))
    for answer in answers:
        if answer.status_code >= 400:
            assert answer.value["detail"], "it is said in words what is wrong"


def test_the_table_is_as_long_as_it_was_promised():
    assert len(HOSTILE) >= 38


def test_ten_thousand_steps_are_saved_and_judged(api, flow):
    """How long that takes is measured by `tests.load.runtime --only graphs`; that they run, by test_running.py."""
    steps = [set_variable(f"n{number:05}", x="1") for number in range(9_998)]
    saved = api.put(f"/flows/{flow.pk}/draft/", chain(START, *steps, DONE), If_Match="*")
    assert saved.status_code == 200
    assert {problem["severity"] for problem in saved.value["problems"]} == {"warning"}, "x is never used"


def test_two_to_the_sixty_fourth_ways_are_judged_within_a_second(api, flow):
    began = time.process_time()
    assert api.post(f"/flows/{flow.pk}/validate/", ladder(64)).value["problems"] == []
    assert time.process_time() - began < 1
    assert api.put(f"/flows/{flow.pk}/draft/", ladder(64), If_Match="*").status_code == 200
    published = api.post(f"/flows/{flow.pk}/publish/", {})
    assert published.status_code == 201, published.value
