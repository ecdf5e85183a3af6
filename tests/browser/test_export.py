"""Out of the editor as a picture that is the flow, and back in; links that lead to a step."""

import json
import re
import struct
import zlib
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from integrations.models import Connection
from runtime.models import Flow
from tests.browser.editing import canvas, card, document_of, open_editor, until
from tests.browser.test_inspector import DOCUMENT

SECRET = "s3cret-of-the-desk"


@pytest.fixture
def desk(workspace):
    made = Connection(workspace=workspace, name="Desk", type="bearer", config={}, allowed_hosts=["example.com"])
    made.save()
    made.set_secrets({"token": SECRET})
    made.save()
    return made


@pytest.fixture
def flow(live, workspace, owner, desk):
    document = json.loads(json.dumps(DOCUMENT))
    document["nodes"][1]["config"] |= {
        "connection": str(desk.pk),
        "headers": [{"name": "X-Api-Key", "value": "typed-by-hand-123"}],
    }
    document["notes"] = [
        {"id": "m1", "x": 320, "y": 0, "width": 208, "height": 96, "text": "Für Anna", "color": "yellow"}
    ]
    return create_flow(workspace, owner.user, name="Tickets", kind="post_call", document=document)


@pytest.fixture
def editor(page, flow, owner, sign_in):
    sign_in(owner)
    open_editor(page, flow)
    return page


def exported(page, item: str):
    """The file that a row of the flow's menu downloads."""
    page.get_by_role("button", name="More about this flow").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=item).click()
    return download.value


def content(download) -> bytes:
    with open(download.path(), "rb") as file:
        return file.read()


def text_in(png: bytes) -> dict:
    """What the PNG's text chunk holds; every checksum is looked at."""
    at, found = 8, None
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        if kind == b"iTXt" and data.startswith(b"segue-flow\0"):
            found = json.loads(data[len(b"segue-flow\0\0\0\0\0") :])
        at += 12 + length
    assert found, "the picture carries no flow"
    return found


NOTE_DRAGS = """() => {
  window.drags = [];
  for (const kind of ["dragenter", "dragover"]) addEventListener(kind, () => window.drags.push(kind), true);
}"""


def drop(page, files, target) -> None:
    """Drags files from outside onto an element, as the operating system does."""
    box = target.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    client = page.context.new_cdp_session(page)
    page.evaluate(NOTE_DRAGS)
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    for number, kind in enumerate(("dragEnter", "dragOver", "dragOver"), 1):
        client.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})
        page.wait_for_function("(number) => window.drags.length >= number", arg=number)
    client.send("Input.dispatchDragEvent", {"type": "drop", "x": x, "y": y, "data": data})


def test_a_png_carries_the_flow_without_any_secret(editor, flow):
    download = exported(editor, "Export as PNG, light")
    assert download.suggested_filename == "Tickets.png"
    png = content(download)
    carried = text_in(png)
    labels = {node["label"] for node in carried["flows"][0]["document"]["nodes"]}
    assert labels == {"Done", "Call ended", "Create ticket"}
    assert carried["connections"][0]["name"] == "Desk"
    width, height = struct.unpack(">II", png[16:24])
    assert width > 500
    assert height > 500
    assert SECRET.encode() not in png
    assert b"typed-by-hand-123" not in png


def test_an_svg_is_plain_and_of_the_theme_that_was_chosen(editor):
    light, dark = content(exported(editor, "Export as SVG, light")), content(exported(editor, "Export as SVG, dark"))
    for svg in (light, dark):
        root = ElementTree.fromstring(svg)
        names = {element.tag.split("}")[1] for element in root.iter()}
        assert not names & {"foreignObject", "script", "style", "image", "use"}
        assert {"Create ticket", "POST example.com/tickets", "Für Anna"} <= {element.text for element in root.iter()}
        assert SECRET not in svg.decode()
        assert "typed-by-hand-123" not in svg.decode()
    assert b"#f3f3f0" in light
    assert b"#17181c" in dark


def test_json_is_the_servers_export(editor, flow):
    download = exported(editor, "Export as JSON")
    assert download.suggested_filename == "Tickets.segue.json"
    value = json.loads(content(download))
    assert (value["segue"], value["flows"][0]["name"]) == ("flows", "Tickets")
    assert "typed-by-hand-123" not in json.dumps(value)


@pytest.fixture
def other(workspace, owner):
    """A flow that has only its trigger."""
    document = {**DOCUMENT, "nodes": DOCUMENT["nodes"][:1], "edges": [], "layout": {}}
    return create_flow(workspace, owner.user, name="Other", kind="post_call", document=document)


@pytest.mark.parametrize("item", ["Export as PNG, light", "Export as SVG, dark", "Export as JSON"])
def test_a_file_dropped_on_the_canvas_replaces_the_draft_and_undo_takes_it_back(editor, flow, other, tmp_path, item):
    download = exported(editor, item)
    path = tmp_path / download.suggested_filename
    download.save_as(path)
    open_editor(editor, other)
    drop(editor, [path], canvas(editor))
    dialog = editor.get_by_role("dialog", name="Bring in “Tickets”?")
    expect(dialog).to_contain_text("It has 3 steps and 1 note.")
    dialog.get_by_role("button", name="Replace the draft").click()
    until(editor, lambda: len(document_of(other)["nodes"]) == 3)
    brought, original = document_of(other), document_of(flow)
    assert (brought["edges"], brought["layout"], brought["notes"]) == (
        original["edges"],
        original["layout"],
        original["notes"],
    )
    ticket = next(node for node in brought["nodes"] if node["id"] == "ticket")
    assert ticket["config"]["connection"] == str(Connection.objects.get().pk)
    canvas(editor).focus()
    editor.keyboard.press("Control+z")
    until(editor, lambda: len(document_of(other)["nodes"]) == 1)


def hold_parts(page):
    """Holds back every part of the editor asked for from here on; answers with a function that lets them come."""
    held, released = [], []
    page.route("**/static/editor/**", lambda route: route.continue_() if released else held.append(route))

    def release():
        until(page, lambda: held)
        released.append(True)
        for route in held:
            route.continue_()

    return release


def test_a_file_dropped_before_what_takes_it_has_come_is_taken_then(editor, flow, tmp_path):
    download = exported(editor, "Export as SVG, light")
    path = tmp_path / download.suggested_filename
    download.save_as(path)
    open_editor(editor, flow)
    release = hold_parts(editor)
    drop(editor, [path], canvas(editor))
    release()
    editor.get_by_role("dialog", name="Bring in “Tickets”?").get_by_role("button", name="Add its steps").click()
    until(editor, lambda: len(document_of(flow)["nodes"]) == 5)
    expect(editor.locator(".is-receiving")).to_have_count(0)


NOTE_DEFAULTS = """() => {
  window.kept = [];
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => window.kept.push(event.defaultPrevented));
}"""


def test_a_file_that_misses_the_canvas_does_not_take_the_page_away(editor, tmp_path):
    path = tmp_path / "holiday.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    hold_parts(editor)
    editor.evaluate(NOTE_DEFAULTS)
    drop(editor, [path], editor.get_by_role("banner"))
    until(editor, lambda: editor.evaluate("window.kept.length >= 3"))
    # A browser's default is to open the file in place of the page.
    assert all(editor.evaluate("window.kept"))


def test_its_steps_can_be_added_where_the_file_was_dropped(editor, flow, other, tmp_path):
    download = exported(editor, "Export as PNG, dark")
    path = tmp_path / "picture.png"
    download.save_as(path)
    open_editor(editor, other)
    drop(editor, [path], canvas(editor))
    editor.get_by_role("button", name="Add its steps").click()
    until(editor, lambda: len(document_of(other)["nodes"]) == 3)
    document = document_of(other)
    assert sorted(node["type"] for node in document["nodes"]) == ["api_request", "call_ended", "end"]
    assert [(edge["port"]) for edge in document["edges"]] == ["success"]
    expect(card(editor, "Create ticket")).to_be_visible()


def test_a_picture_that_carries_no_flow_says_so_and_changes_nothing(editor, flow, tmp_path):
    path = tmp_path / "holiday.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    drop(editor, [path], canvas(editor))
    expect(editor.get_by_text("holiday.svg carries no flow.").first).to_be_visible()
    assert Flow.objects.get(pk=flow.pk).draft.revision == 1


def test_files_dropped_on_the_list_of_flows_become_flows(editor, flow, tmp_path):
    download = exported(editor, "Export as PNG, light")
    path = tmp_path / "picture.png"
    download.save_as(path)
    editor.goto("/")
    drop(editor, [path], editor.get_by_role("main"))
    expect(editor.get_by_role("heading", name="Tickets")).to_be_attached()
    assert Flow.objects.filter(name="Tickets").count() == 2


def test_connections_not_known_here_are_asked_about(editor, flow, desk, tmp_path):
    download = exported(editor, "Export as JSON")
    path = tmp_path / "flow.json"
    download.save_as(path)
    Connection.objects.filter(pk=desk.pk).update(name="Support desk")
    editor.goto("/")
    drop(editor, [path], editor.get_by_role("main"))
    dialog = editor.get_by_role("dialog")
    dialog.get_by_label("Desk").select_option(label="Support desk")
    # The browser itself writes down that the server asked back.
    editor.troubles[:] = [trouble for trouble in editor.troubles if "422" not in trouble]
    dialog.get_by_role("button", name="Import").click()
    until(editor, lambda: Flow.objects.filter(name="Tickets").count() == 2)
    made = Flow.objects.filter(name="Tickets").order_by("-created_at").first()
    assert next(node for node in document_of(made)["nodes"] if node["id"] == "ticket")["config"]["connection"] == str(
        desk.pk
    )


def test_a_link_to_a_step_opens_the_page_with_it_selected_and_in_view(editor, flow, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    card(editor, "Create ticket").click()
    editor.get_by_role("button", name="More about this step").click()
    editor.get_by_role("menuitem", name="Copy link to this step").click()
    expect(editor.get_by_text("The link to Create ticket is copied.").first).to_be_visible()
    link = editor.evaluate("navigator.clipboard.readText()")
    assert re.search(rf"/flows/{flow.pk}/\?node=ticket$", link)
    editor.goto("/")
    editor.goto(link)
    expect(editor.get_by_label("Name of the step")).to_have_value("Create ticket")
    expect(card(editor, "Create ticket")).to_be_in_viewport()
    expect(card(editor, "Create ticket")).to_have_class(re.compile("is-selected"))


def test_a_link_to_a_step_that_is_gone_says_so(editor, flow):
    editor.goto(f"/flows/{flow.pk}/?node=nowhere")
    expect(editor.get_by_text("The step that this link leads to is no longer in the flow.").first).to_be_visible()
