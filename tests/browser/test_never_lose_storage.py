"""Never lose work: the browser's storage is full, damaged or closed; documents hold what this build does not know."""

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from tests.browser.editing import card, document_of, open_editor, until
from tests.browser.keeping import kept_rows
from tests.browser.sharing import (
    is_saved,
    label_of,
    rename,
)
from tests.flows import call_ended, chain, end, node

# --- Storage


@pytest.mark.own_profile
def test_storage_that_cannot_be_opened_is_said_and_saving_goes_on(context, page, flow, owner, sign_in):
    context.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError') }")
    sign_in(owner)
    open_editor(page, flow)
    rename(page, "one", "Saved all the same")
    is_saved(page)
    expect(page.get_by_role("region", name="What needs you")).to_contain_text("This browser keeps nothing any more.")
    assert label_of(flow, "one") == "Saved all the same"


def test_full_storage_is_said_and_saving_goes_on(editor, flow):
    editor.evaluate(
        """() => {
            IDBObjectStore.prototype.put = function () {
                throw new DOMException("full", "QuotaExceededError");
            };
        }"""
    )
    rename(editor, "one", "Saved with a full disk")
    expect(editor.get_by_role("region", name="What needs you")).to_contain_text("Its storage is full or blocked.")
    is_saved(editor)
    assert label_of(flow, "one") == "Saved with a full disk"


def test_a_damaged_database_is_left_alone_and_another_one_is_begun(context, page, flow, owner, sign_in):
    """A database of that name exists but has none of our stores."""
    sign_in(owner)
    page.goto("/")
    page.evaluate(
        """() => new Promise((resolve) => {
            const asked = indexedDB.open("segue", 1);
            asked.onsuccess = () => { asked.result.close(); resolve(); };
        })"""
    )
    open_editor(page, flow)
    rename(page, "one", "In the new one")
    is_saved(page)
    expect(page.get_by_role("region", name="What needs you")).to_contain_text("This browser's storage was damaged.")
    assert label_of(flow, "one") == "In the new one"


def test_rows_that_cannot_be_read_are_left_alone(editor, flow, context):
    editor.evaluate(
        """() => new Promise((resolve) => {
            const asked = indexedDB.open("segue", 1);
            asked.onsuccess = () => {
                const writing = asked.result.transaction("queue", "readwrite");
                writing.objectStore("queue").put({user: "1", flow: "x", client: "dead", seq: 1, ops: "garbage"});
                writing.oncomplete = resolve;
            };
        })"""
    )
    other = context.new_page()
    open_editor(other, flow)
    rename(other, "one", "Fine")
    is_saved(other)
    assert [row["client"] for row in kept_rows(other)] == ["dead"]


# --- Documents


def test_a_step_of_an_unknown_kind_stays_as_it_is_whatever_is_done_around_it(page, live, workspace, owner, sign_in):
    strange = node("odd", "from_the_future", {"depth": {"of": ["things"]}}, settings={"retry": {"max_attempts": 3}})
    document = chain(call_ended(), strange, end())
    flow = create_flow(workspace, owner.user, name="Old page", kind="post_call", document=document)
    sign_in(owner)
    open_editor(page, flow)
    expect(card(page, "odd")).to_contain_text("Unknown step type")
    card(page, "odd").click()
    expect(page.get_by_label("Name of the step")).to_have_value("odd")
    expect(page.get_by_label("Name of the step")).not_to_be_editable()
    expect(page.get_by_role("button", name="Save Changes")).to_have_count(0)
    rename(page, "end", "Renamed")
    is_saved(page)
    until(page, lambda: label_of(flow, "end") == "Renamed")
    kept = next(item for item in document_of(flow)["nodes"] if item["id"] == "odd")
    assert kept == strange
    assert {(edge["source"], edge["target"]) for edge in document_of(flow)["edges"]} == {
        ("start", "odd"), ("odd", "end")
    }  # fmt: skip
