"""Writing a program: a textarea until it is meant, then a code editor that can be left by keyboard."""

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from runtime.models import Flow
from tests.browser.calls import ended_call, flow_of, open_run
from tests.browser.test_accessibility import axe, clean  # noqa: F401
from tests.flows import call_ended, chain, end, node

PROGRAM = "const tags = [];\nreturn tags;"
INPUTS = [{"name": "order_id", "value": "{{interaction.id}}"}, {"name": "orders", "value": "[]"}]


@pytest.fixture
def flow(live, workspace, owner):
    document = chain(call_ended(), node("js", "code", {"inputs": INPUTS, "program": PROGRAM}, label="Tags"), end())
    return create_flow(workspace, owner.user, name="Code", kind="post_call", document=document)


@pytest.fixture
def asked(page):
    """Paths the page has asked for."""
    found = []
    page.on("request", lambda request: found.append(request.url))
    return found


@pytest.fixture
def form(page, flow, owner, sign_in, asked):
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/?node=js")
    expect(page.get_by_label("Name of the step")).to_be_visible()
    return page


@pytest.fixture
def code(form):
    """The code editor, open, with the cursor at the end."""
    program_of(form).focus()
    expect(form.locator(".cm-content")).to_be_focused()
    form.keyboard.press("Control+End")
    return form.locator(".cm-content")


def program_of(page):
    return page.get_by_role("textbox", name="JavaScript")


def saved(page, flow):
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    document = Flow.objects.get(pk=flow.pk).draft.document
    return next(each for each in document["nodes"] if each["id"] == "js")["config"]["program"]


def test_nothing_of_the_code_editor_is_fetched_before_it_is_meant(form, asked):
    expect(program_of(form)).to_have_value(PROGRAM)
    form.wait_for_load_state("networkidle")
    assert not [url for url in asked if "/vendor/" in url or "code-editor" in url]
    program_of(form).focus()
    expect(form.locator(".cm-content")).to_be_focused()
    assert [url for url in asked if "/vendor/codemirror-view" in url]


def test_what_is_written_in_the_code_editor_reaches_the_draft(form, code, flow):
    form.keyboard.type("\nconst more = 1;")
    expect(form.get_by_text("Unsaved: Tags")).to_be_visible()
    assert saved(form, flow) == f"{PROGRAM}\nconst more = 1;"


def test_undo_in_the_code_editor_is_its_own(form, code, flow):
    form.keyboard.type(" // once")
    form.keyboard.press("Control+z")
    form.keyboard.press("Control+z")  # there is nothing more to undo in here, and nothing else is
    expect(code).to_contain_text("return tags;")
    expect(code).not_to_contain_text("once")
    expect(form.get_by_role("article", name="Tags")).to_be_visible()


def test_the_chosen_inputs_are_offered(form, code):
    form.keyboard.type("\ninputs.ord")
    offered = form.locator(".cm-tooltip-autocomplete li")
    expect(offered).to_have_count(2)
    expect(offered.first).to_contain_text("order_id")
    form.wait_for_timeout(100)  # time itself: CodeMirror's list takes no key in its first 75 ms, and shows nothing then
    form.keyboard.press("Enter")
    expect(code).to_contain_text("inputs.order_id")


def test_an_input_chosen_just_now_is_offered_too(form, code, flow):
    form.locator("[data-field=inputs] .pair input").first.fill("ticket_no")
    code.focus()
    form.keyboard.type("\ninputs.tic")
    expect(form.locator(".cm-tooltip-autocomplete li")).to_contain_text(["ticket_no"])


def test_what_cannot_be_read_is_marked_where_it_is(form, code):
    form.keyboard.type("\nconst = 5;")
    expect(form.locator(".cm-lintRange-error").first).to_be_visible()
    form.locator(".cm-lint-marker-error").hover()
    expect(form.locator(".cm-tooltip-lint")).to_contain_text("Line 3 cannot be read from here on.")


def test_tab_indents_and_escape_then_tab_leaves(form, code):
    form.keyboard.press("Home")
    form.keyboard.press("Tab")
    expect(form.locator(".cm-line").nth(1)).to_have_text("  return tags;")
    form.keyboard.press("Escape")
    form.keyboard.press("Tab")
    expect(code).not_to_be_focused()
    expect(form.get_by_label("Name of the step")).to_be_visible()  # Escape closed nothing
    form.keyboard.press("Shift+Tab")
    expect(code).to_be_focused()


def test_without_the_code_editor_the_textarea_does(form, asked, flow, page):
    page.route("**/vendor/**", lambda route: route.abort())
    program_of(form).focus()
    form.keyboard.press("Control+End")
    form.keyboard.type("\nreturn 2;")
    assert saved(form, flow) == f"{PROGRAM}\nreturn 2;"
    expect(program_of(form)).to_have_value(f"{PROGRAM}\nreturn 2;")
    page.troubles[:] = [each for each in page.troubles if "ERR_FAILED" not in each]


def test_the_code_editor_is_accessible_in_both_themes(form, code, clean):  # noqa: F811
    form.keyboard.type("\nconst a = 'text', b = 12, c = /x/; // why\nif (a) return b;")
    clean()
    form.keyboard.type("\nconst = 5;")
    form.keyboard.press("Control+s")
    expect(form.get_by_text("Line 5: variable name expected")).to_be_visible()
    expect(code).to_have_attribute("aria-invalid", "true")
    clean()


def test_who_may_only_look_reads_the_program(page, flow, workspace, make_person, sign_in):
    sign_in(make_person(workspace, "viewer"))
    page.goto(f"/flows/{flow.pk}/?node=js")
    expect(program_of(page)).to_have_value(PROGRAM)
    program_of(page).focus()
    expect(page.locator(".cm-content")).to_contain_text("const tags")
    expect(page.locator(".cm-content")).to_have_attribute("contenteditable", "false")


def test_run_shows_what_the_program_returns_and_prints(form, code):
    form.keyboard.press("Control+a")
    form.keyboard.type("console.log('looking at', inputs.order_id);\nreturn { tags: ['vip'] };")
    form.get_by_role("button", name="Run", exact=True).click()
    result = form.get_by_role("tabpanel", name="Data")
    expect(result).to_contain_text("looking at call_7420")
    expect(form.get_by_role("treeitem", name="tags")).to_be_visible()


def test_run_says_in_which_line_a_program_failed(form, code):
    form.keyboard.press("Control+a")
    form.keyboard.type("const a = null;\nreturn a.b;")
    form.get_by_role("button", name="Run", exact=True).click()
    expect(form.locator(".failure-text")).to_contain_text("Line 2: TypeError: cannot read property 'b' of null")


def test_a_run_shows_what_a_program_printed(page, live, workspace, owner, sign_in):
    script = node("js", "code", {"inputs": [], "program": "console.log('one');\nconsole.log('two');\nreturn 1;"})
    edges = [("start", "next", "js"), ("js", "success", "end")]
    flow = flow_of(workspace, owner, [call_ended(), script, end()], edges)
    run = ended_call(workspace)
    sign_in(owner)
    open_run(page, flow, run)
    page.locator(".step-head", has_text="js").click()
    steps = page.get_by_role("tabpanel", name="Steps")  # the form of the selected step has what it printed too
    expect(steps.locator("details.step-part", has_text="Console").locator("pre")).to_have_text("one\ntwo")
