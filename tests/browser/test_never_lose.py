"""Never lose work: one person, whose server, network, tab, session, role, flow or storage fails."""

import json
import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from builder import consumers
from builder.flows import create_flow
from builder.models import DraftOp
from runtime.models import Flow, Membership
from tests.browser.editing import card, document_of, open_editor, said, until
from tests.browser.sharing import (
    Web,
    apply_as,
    enter,
    expected,
    is_saved,
    label_of,
    rename,
    renaming,
    save_state,
    type_label,
)
from tests.flows import call_ended, chain, end, node, set_variable

LAYOUT = {"start": {"x": 0, "y": 0}, "one": {"x": 0, "y": 128}, "two": {"x": 0, "y": 256}, "end": {"x": 0, "y": 384}}


@pytest.fixture
def flow(live, workspace, owner):
    document = chain(call_ended(), set_variable("one", a="1"), set_variable("two", b="2"), end())
    return create_flow(
        workspace, owner.user, name="Follow up", kind="post_call", document={**document, "layout": LAYOUT}
    )


@pytest.fixture
def editor(page, flow, owner, sign_in):
    sign_in(owner)
    open_editor(page, flow)
    # Somebody who works here has opened a step before; its form is fetched then.
    card(page, "end").click()
    expect(page.get_by_label("Name of the step")).to_have_value("end")
    return page


def kept_rows(page, store="queue"):
    """What this browser keeps, as it is on its disk."""
    return page.evaluate(
        """(store) => new Promise((resolve) => {
            const asked = indexedDB.open("segue", 1);
            asked.onsuccess = () => {
                const all = asked.result.transaction(store).objectStore(store).getAll();
                all.onsuccess = () => { asked.result.close(); resolve(all.result); };
            };
        })""",
        store,
    )


def all_once(flow):
    """No batch is in the log twice, and the log leads to the draft."""
    batches = list(DraftOp.objects.filter(draft__flow=flow).exclude(client=None).values_list("client", "seq"))
    return len(batches) == len(set(batches))


# --- Server and network


def test_a_server_killed_in_the_middle_of_editing_loses_nothing(browser, flow, owner):
    web = Web()
    web.start()
    context = browser.new_context(base_url=web.url, viewport={"width": 1440, "height": 900})
    try:
        enter(context, owner, web.url)
        page = context.new_page()
        open_editor(page, flow)
        rename(page, "one", "Before the crash")
        is_saved(page)
        web.kill()
        rename(page, "two", "While it was gone")
        rename(page, "end", "Still gone")
        expect(save_state(page)).to_have_text("Offline, 2 changes kept here", timeout=20_000)
        assert label_of(flow, "two") == "two"
        web.start()
        is_saved(page)
        assert [label_of(flow, each) for each in ("one", "two", "end")] == [
            "Before the crash", "While it was gone", "Still gone"
        ]  # fmt: skip
        assert all_once(flow)
        rename(page, "Still gone", "And on it goes")
        is_saved(page)
        until(page, lambda: label_of(flow, "end") == "And on it goes")
        assert kept_rows(page) == []
    finally:
        web.kill()
        context.close()


def test_offline_is_said_and_counted_and_everything_goes_out_on_return(editor, flow, context):
    context.set_offline(True)
    rename(editor, "one", "Kept")
    expect(save_state(editor)).to_have_text("Offline, 1 change kept here")
    rename(editor, "two", "Kept too")
    rename(editor, "end", "Third")
    expect(save_state(editor)).to_have_text("Offline, 3 changes kept here")
    assert [row["ops"] for row in kept_rows(editor)] != []
    context.set_offline(False)
    is_saved(editor)
    assert [label_of(flow, each) for each in ("one", "two", "end")] == ["Kept", "Kept too", "Third"]
    expected(editor)


def test_a_slow_network_is_said_and_nothing_is_sent_twice(editor, flow, context):
    client = context.new_cdp_session(editor)
    client.send("Network.enable")
    slow = {"offline": False, "latency": 5500, "downloadThroughput": -1, "uploadThroughput": -1}
    client.send("Network.emulateNetworkConditions", slow)
    rename(editor, "one", "First")
    expect(save_state(editor)).to_have_text(re.compile("Slow connection, 1 change kept here"), timeout=15_000)
    rename(editor, "two", "Second")
    is_saved(editor)
    client.send("Network.emulateNetworkConditions", {**slow, "latency": 0})
    until(editor, lambda: [label_of(flow, each) for each in ("one", "two")] == ["First", "Second"])
    assert all_once(flow)


def test_an_answer_that_got_lost_is_asked_for_again_and_the_change_is_made_once(editor, flow):
    lost = []

    def lose(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch().status)
        return route.abort()

    editor.route("**/draft/ops/", lose)
    rename(editor, "one", "Once")
    is_saved(editor)
    assert lost == [200]
    assert label_of(flow, "one") == "Once"
    assert DraftOp.objects.filter(draft__flow=flow).count() == 1
    expected(editor)


# --- Tabs that end


def test_what_a_closed_tab_left_is_sent_by_the_next_one(editor, flow, context):
    editor.route("**/draft/ops/", lambda route: route.abort())
    rename(editor, "one", "Left behind")
    expect(save_state(editor)).to_have_text("Offline, 1 change kept here", timeout=10_000)
    expected(editor)
    editor.close()
    assert label_of(flow, "one") == "one"
    other = context.new_page()
    open_editor(other, flow)
    until(other, lambda: label_of(flow, "one") == "Left behind")
    expect(card(other, "Left behind")).to_be_visible()
    said(other, "1 change from before was kept in this browser and is now saved.")
    until(other, lambda: kept_rows(other) == [])
    assert all_once(flow)


def test_a_tab_that_crashed_without_web_locks_is_taken_up_when_its_lease_is_over(context, flow, owner, sign_in):
    """Plain http has no Web Locks; a row says until when a tab lives."""
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', {value: undefined})")
    sign_in(owner)
    page = context.new_page()
    open_editor(page, flow)
    page.route("**/draft/ops/", lambda route: route.abort())
    rename(page, "one", "From a lease")
    expect(save_state(page)).to_have_text("Offline, 1 change kept here", timeout=10_000)
    assert kept_rows(page, "leases") != []
    page.goto("about:blank")  # leaves properly: the lease is given back
    page.unroute("**/draft/ops/")
    open_editor(page, flow)
    until(page, lambda: label_of(flow, "one") == "From a lease")


def test_what_was_left_behind_and_clashes_is_asked_field_by_field(editor, flow, context, make_person, workspace):
    editor.route("**/draft/ops/", lambda route: route.abort())
    rename(editor, "one", "Mine from before")
    rename(editor, "two", "No clash")
    expect(save_state(editor)).to_have_text(re.compile("kept here"), timeout=10_000)
    apply_as(make_person(workspace, "editor"), flow, renaming("one", "one", "Theirs"))
    expected(editor)
    editor.close()
    other = context.new_page()
    open_editor(other, flow)
    dialog = other.get_by_role("dialog")
    expect(dialog).to_contain_text("kept in this browser from before")
    expect(dialog).to_contain_text("Mine from before")
    expect(dialog).to_contain_text("Theirs")
    dialog.get_by_role("button", name="Keep mine").click()
    until(other, lambda: (label_of(flow, "one"), label_of(flow, "two")) == ("Mine from before", "No clash"))
    until(other, lambda: kept_rows(other) == [])


def test_typing_that_was_not_saved_is_back_after_a_reload(editor, flow, context):
    type_label(editor, "one", "Half a thou")
    expect(save_state(editor)).to_have_text("Unsaved: Half a thou")
    until(editor, lambda: len(kept_rows(editor, "forms")) == 1)
    editor.close()
    other = context.new_page()
    open_editor_dirty(other, flow)
    expect(other.get_by_label("Name of the step")).to_have_value("Half a thou")
    said(other, "What you typed in Half a thou is back. It is not saved yet.")
    assert label_of(flow, "one") == "one"
    other.get_by_role("button", name="Save Changes").click()
    until(other, lambda: label_of(flow, "one") == "Half a thou")
    until(other, lambda: kept_rows(other, "forms") == [])


def open_editor_dirty(page, flow):
    page.goto(f"/flows/{flow.pk}/")
    expect(page.get_by_role("banner")).to_contain_text(re.compile("Saved|Unsaved"))


def test_typing_that_is_back_can_be_discarded(editor, flow, context):
    type_label(editor, "one", "Not wanted")
    until(editor, lambda: len(kept_rows(editor, "forms")) == 1)
    editor.close()
    other = context.new_page()
    open_editor_dirty(other, flow)
    other.get_by_role("button", name="Discard").first.click()
    expect(other.get_by_label("Name of the step")).to_have_value("one")
    until(other, lambda: kept_rows(other, "forms") == [])


# --- Session, role, flow


def test_an_expired_session_keeps_everything_and_goes_on_after_signing_in_elsewhere(editor, flow, context, owner, live):
    Session.objects.all().delete()
    rename(editor, "one", "After the session")
    bar = editor.get_by_role("region", name="What needs you")
    expect(bar).to_contain_text("You are signed out. Your unsent change is kept in this browser.")
    with context.expect_page() as opened:
        bar.get_by_role("button", name="Sign in again").click()
    tab = opened.value
    tab.get_by_label("E-mail").fill(owner.email)
    tab.get_by_label("Password").fill(owner.password)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab).not_to_have_url(re.compile("sign-in"))
    tab.close()
    is_saved(editor)
    expect(bar).not_to_contain_text("signed out")
    assert label_of(flow, "one") == "After the session"
    expected(editor)


def test_an_ended_session_is_said_without_an_edit(editor, monkeypatch):
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.2)
    editor.reload()
    is_saved(editor)
    Session.objects.all().delete()
    bar = editor.get_by_role("region", name="What needs you")
    expect(bar).to_contain_text("You are signed out. Nothing of yours is unsent.", timeout=10_000)
    editor.goto("about:blank")  # it looks again and again whether somebody signed in
    expected(editor)


def test_a_lost_role_keeps_the_changes_and_offers_them_as_a_file(editor, flow, owner, workspace):
    Membership.objects.filter(user=owner.user).update(role="viewer")
    rename(editor, "one", "Too late")
    bar = editor.get_by_role("region", name="What needs you")
    expect(bar).to_contain_text("You may no longer change this flow. Your unsent change is kept in this browser.")
    with editor.expect_download() as download:
        bar.get_by_role("button", name="Download my changes").click()
    content = json.loads(download.value.path().read_text())
    assert [op["after"] for batch in content["batches"] for op in batch["ops"]] == ["Too late"]
    assert label_of(flow, "one") == "one"
    Membership.objects.filter(user=owner.user).update(role="editor")
    editor.evaluate("dispatchEvent(new Event('focus'))")
    is_saved(editor)
    assert label_of(flow, "one") == "Too late"
    expected(editor)


def test_a_viewer_whose_changes_are_still_kept_is_told_so(editor, flow, context, owner):
    editor.route("**/draft/ops/", lambda route: route.abort())
    rename(editor, "one", "From better days")
    expect(save_state(editor)).to_have_text("Offline, 1 change kept here", timeout=10_000)
    expected(editor)
    editor.close()
    Membership.objects.filter(user=owner.user).update(role="viewer")
    other = context.new_page()
    open_editor(other, flow)
    expect(other.get_by_role("region", name="What needs you")).to_contain_text("Your unsent change is kept")
    assert len(kept_rows(other)) == 1


def test_a_deleted_flow_is_said_keeps_the_changes_and_goes_on_when_it_is_restored(editor, flow):
    from django.utils import timezone

    Flow.objects.filter(pk=flow.pk).update(deleted_at=timezone.now())
    rename(editor, "one", "For the trash")
    bar = editor.get_by_role("region", name="What needs you")
    expect(bar).to_contain_text("This flow was deleted. Your unsent change is kept in this browser.")
    Flow.objects.filter(pk=flow.pk).update(deleted_at=None)
    editor.evaluate("dispatchEvent(new Event('focus'))")
    is_saved(editor)
    assert label_of(flow, "one") == "For the trash"
    expected(editor)


def test_a_newer_build_is_said_once_and_nothing_is_interrupted(editor, flow, monkeypatch, make_person, workspace):
    monkeypatch.setattr("builder.api.drafts.build_id", lambda: "another")
    apply_as(make_person(workspace, "editor"), flow, renaming("two", "two", "From elsewhere"))
    bar = editor.get_by_role("region", name="What needs you")
    expect(bar).to_contain_text("There is a newer version of Segue.")
    rename(editor, "one", "Goes on")
    is_saved(editor)
    bar.get_by_role("button", name="Dismiss").click()
    expect(bar).not_to_contain_text("newer version")


@pytest.mark.parametrize(
    ("choice", "name", "rows"), [("Send", "Unsent", 0), ("Keep here", "one", 1), ("Discard", "one", 0)]
)
def test_signing_out_with_unsent_changes_asks_what_becomes_of_them(editor, flow, context, choice, name, rows):
    pages = context.new_page()
    pages.goto("/")
    editor.route("**/draft/ops/", lambda route: route.abort())
    rename(editor, "one", "Unsent")
    expect(save_state(editor)).to_have_text("Offline, 1 change kept here", timeout=10_000)
    expected(editor)
    pages.get_by_role("button", name="Sign out").click()
    dialog = pages.get_by_role("dialog")
    expect(dialog).to_contain_text("1 change to Follow up is only in this browser so far.")
    dialog.get_by_role("button", name=choice).click()
    expect(pages.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert label_of(flow, "one") == name
    assert len(kept_rows(pages)) == rows
    expected(editor)


def test_signing_out_with_nothing_unsent_asks_nothing(editor, context):
    rename(editor, "one", "Sent")
    is_saved(editor)
    editor.goto("/")
    editor.get_by_role("button", name="Sign out").click()
    expect(editor.get_by_role("heading", name="You are signed out")).to_be_visible()


# --- Storage


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
    expect(page.get_by_role("button", name="Save Changes")).to_have_count(0)
    rename(page, "end", "Renamed")
    is_saved(page)
    until(page, lambda: label_of(flow, "end") == "Renamed")
    kept = next(item for item in document_of(flow)["nodes"] if item["id"] == "odd")
    assert kept == strange
    assert {(edge["source"], edge["target"]) for edge in document_of(flow)["edges"]} == {
        ("start", "odd"), ("odd", "end")
    }  # fmt: skip
