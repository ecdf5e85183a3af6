"""Never lose work: the session, the role, the flow or the build of who edits is another one."""

import json
import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from builder import consumers
from runtime.models import Flow, Membership
from tests.browser.editing import open_editor, until
from tests.browser.keeping import kept_rows
from tests.browser.sharing import (
    apply_as,
    expected,
    is_saved,
    label_of,
    rename,
    renaming,
    save_state,
)


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
    expect(bar).to_contain_text("You are signed out. Nothing of yours is unsent.")
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
    expect(save_state(editor)).to_have_text("Offline, 1 change kept here")
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
    expect(save_state(editor)).to_have_text("Offline, 1 change kept here")
    expected(editor)
    pages.get_by_role("button", name="Sign out").click()
    dialog = pages.get_by_role("dialog")
    expect(dialog).to_contain_text("1 change to Follow up is only in this browser so far.")
    dialog.get_by_role("button", name=choice).click()
    expect(pages.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert label_of(flow, "one") == name
    until(pages, lambda: len(kept_rows(pages)) == rows)
    with editor.expect_event("requestfailed", lambda request: request.url.endswith("/draft/ops/")):
        editor.evaluate("() => dispatchEvent(new Event('online'))")  # it tries again, not knowing what has become of it
    assert len(kept_rows(pages)) == rows
    expected(editor)


def test_signing_out_with_nothing_unsent_asks_nothing(editor, context):
    rename(editor, "one", "Sent")
    is_saved(editor)
    editor.goto("/")
    editor.get_by_role("button", name="Sign out").click()
    expect(editor.get_by_role("heading", name="You are signed out")).to_be_visible()
