"""Copy, cut, paste as text by the browser's own events: in a flow, to another in another tab; duplicates."""

import json
import re

import pytest
from playwright.sync_api import expect

from runtime.models import Workspace
from tests.browser import editing
from tests.browser.editing import card, document_of, open_editor, said, until
from tests.browser.hands import middle, node_ids, place_of, press, select, selected
from tests.flows import call_ended, chain, end, post_json, set_variable

#: Puts a text on the clipboard the way other programs do: a field, select all, copy. No permission is asked for.
COPY = """text => {
  const field = Object.assign(document.createElement("textarea"), {value: text});
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}"""


def labels(flow):
    return sorted(node["label"] for node in document_of(flow)["nodes"])


def fresh(flow, before):
    return [node for node in document_of(flow)["nodes"] if node["id"] not in before]


@pytest.fixture
def focused(canvas):
    editing.canvas(canvas).focus()
    return canvas


def test_copied_steps_come_with_their_lines_new_ids_and_own_keys_at_the_pointer(canvas, column):
    before = node_ids(column)
    select(canvas, "one", "two")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+c")
    said(canvas, "Copied 2 steps")
    x, y = middle(canvas, "one", dx=400)
    canvas.mouse.move(x, y)
    canvas.keyboard.press("Control+v")
    until(canvas, lambda: len(node_ids(column)) == 6)
    new = {node["label"]: node for node in fresh(column, before)}
    assert {node["key"] for node in new.values()} == {"one_2", "two_2"}
    assert {"source": new["one"]["id"], "port": "next", "target": new["two"]["id"]}.items() <= next(
        edge for edge in document_of(column)["edges"] if edge["source"] == new["one"]["id"]
    ).items()
    (ax, ay), (bx, by) = (place_of(column, new[name]["id"]) for name in ("one", "two"))
    assert (ax, by - ay) == (bx, 128)
    assert ax == pytest.approx(400, abs=8)
    assert (ay + by) / 2 + 32 == pytest.approx(160, abs=8)
    canvas.keyboard.press("Control+z")
    until(canvas, lambda: node_ids(column) == before)


def test_references_inside_the_copied_set_follow_their_new_keys(show, make_flow):
    nodes = [
        call_ended(),
        post_json("ask", "https://x.example/"),
        set_variable("use", s="{{steps.ask.status}} {{steps.start.x}}"),
        end(),
    ]
    flow = make_flow(chain(*nodes), {"start": (0, 0), "ask": (0, 128), "use": (0, 256), "end": (0, 384)})
    page = show(flow)
    before = node_ids(flow)
    select(page, "ask", "use")
    editing.canvas(page).focus()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    until(page, lambda: len(node_ids(flow)) == 6)
    copy = next(node for node in fresh(flow, before) if node["label"] == "use")
    assert copy["config"]["assignments"][0]["value"] == "{{steps.ask_2.status}} {{steps.start.x}}"


def test_cut_takes_away_and_paste_brings_back(focused, column):
    select(focused, "one")
    editing.canvas(focused).focus()
    focused.keyboard.press("Control+x")
    until(focused, lambda: labels(column) == ["end", "start", "two"])
    expect(focused.get_by_role("button", name="Undo: Cut one")).to_be_enabled()
    focused.keyboard.press("Control+v")
    until(focused, lambda: labels(column) == ["end", "one", "start", "two"])
    until(focused, lambda: selected(focused) == {"one"})


def test_the_text_on_the_clipboard_pastes_into_another_flow_in_another_tab(canvas, context, make_flow):
    other = make_flow(chain(call_ended(), end()), {"start": (0, 0), "end": (0, 128)}, name="Other")
    select(canvas, "one")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+c")
    tab = context.new_page()
    open_editor(tab, other)
    editing.canvas(tab).focus()
    tab.keyboard.press("Control+v")
    until(tab, lambda: labels(other) == ["end", "one", "start"])


def test_what_is_copied_is_json_that_names_its_workspace(canvas, workspace):
    select(canvas, "one")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+c")
    field = canvas.get_by_role("searchbox", name="Search steps")
    canvas.keyboard.press("Escape")
    field.focus()
    canvas.keyboard.press("Control+v")
    clip = json.loads(field.input_value())
    assert (clip["segue"], clip["workspace"]) == ("nodes", str(workspace.pk))
    assert [node["label"] for node in clip["nodes"]] == ["one"]


def test_from_another_workspace_connections_are_left_behind(focused, column):
    foreign = Workspace.objects.create(name="Elsewhere")
    node = {"id": "x", "type": "api_request", "key": "ask", "label": "ask",
            "config": {"method": "GET", "url": "https://x.example/", "connection": "con_123"}}  # fmt: skip
    clip = {
        "segue": "nodes",
        "schema": 1,
        "workspace": str(foreign.pk),
        "nodes": [node],
        "edges": [],
        "layout": {},
        "notes": [],
    }
    before = node_ids(column)
    focused.evaluate(COPY, json.dumps(clip))
    editing.canvas(focused).focus()
    focused.keyboard.press("Control+v")
    until(focused, lambda: len(node_ids(column)) == 5)
    (pasted,) = fresh(column, before)
    assert pasted["config"] == {"method": "GET", "url": "https://x.example/"}


def test_a_type_of_another_kind_of_flow_is_pasted_with_a_problem(focused, column):
    node = {"id": "x", "type": "respond", "key": "answer", "label": "answer", "config": {}}
    clip = {"segue": "nodes", "schema": 1, "workspace": "", "nodes": [node], "edges": [], "layout": {}, "notes": []}
    focused.evaluate(COPY, json.dumps(clip))
    editing.canvas(focused).focus()
    focused.keyboard.press("Control+v")
    until(focused, lambda: "answer" in labels(column))
    expect(card(focused, "answer")).to_have_accessible_name(re.compile("problem"))


def test_a_trigger_is_not_copied(focused, column):
    focused.keyboard.press("Control+a")
    focused.keyboard.press("Control+c")
    said(focused, "Copied 3 steps")
    focused.keyboard.press("Control+v")
    until(focused, lambda: len(node_ids(column)) == 7)
    assert [node["type"] for node in document_of(column)["nodes"]].count("call_ended") == 1


def test_control_d_duplicates_beside_it(canvas, column):
    before = node_ids(column)
    select(canvas, "two")
    editing.canvas(canvas).focus()
    canvas.keyboard.press("Control+d")
    until(canvas, lambda: len(node_ids(column)) == 5)
    (copy,) = fresh(column, before)
    assert place_of(column, copy["id"]) == (32, 288)
    expect(canvas.get_by_role("button", name="Undo: Duplicate two")).to_be_enabled()


def test_copy_and_paste_from_the_menus(canvas, column):
    card(canvas, "one").click(button="right")
    canvas.get_by_role("menuitem", name="Copy").click()
    x, y = middle(canvas, "one", dx=400)
    press(canvas, (x, y), button="right")
    canvas.get_by_role("menuitem", name="Paste").click()
    until(canvas, lambda: labels(column).count("one") == 2)


def test_in_a_field_the_clipboard_is_the_fields_own(canvas, column):
    select(canvas, "one")
    name = canvas.get_by_label("Name of the step")
    name.fill("Renamed")
    name.select_text()
    canvas.keyboard.press("Control+c")
    name.press("End")
    canvas.keyboard.press("Control+v")
    expect(name).to_have_value("RenamedRenamed")
    assert len(node_ids(column)) == 4
