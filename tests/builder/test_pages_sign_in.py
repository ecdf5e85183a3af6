"""Signing in and out, changing one's password, the door that closes after too many tries."""

import pytest
from django.test import Client

pytestmark = pytest.mark.usefixtures("db", "no_lock_out")


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_somebody_signs_in_and_lands_where_they_were_going(client, owner):
    data = {"username": owner.email, "password": owner.password, "next": "/runs/"}
    assert client.post("/sign-in/", data)["Location"] == "/runs/"


def test_signing_in_leads_to_no_other_site(client, owner):
    data = {"username": owner.email, "password": owner.password, "next": "https://evil.example/"}
    assert client.post("/sign-in/", data)["Location"] == "/"


def test_a_wrong_password_does_not_tell_whether_the_account_exists(client, owner):
    known = text_of(client.post("/sign-in/", {"username": owner.email, "password": "wrong"}))
    unknown = text_of(client.post("/sign-in/", {"username": "nobody@example.com", "password": "wrong"}))
    assert "do not belong together" in known
    assert "do not belong together" in unknown


def test_the_door_closes_after_too_many_tries(client, owner):
    for _ in range(8):
        client.post("/sign-in/", {"username": owner.email, "password": "wrong"})
    answer = client.post("/sign-in/", {"username": owner.email, "password": owner.password})
    assert answer.status_code == 429
    assert "Too many tries" in text_of(answer)


def test_signing_out_needs_a_click_and_ends_the_session(signed_in):
    assert signed_in.get("/sign-out/").status_code == 405
    assert "You are signed out" in signed_in.post("/sign-out/").content.decode()
    assert signed_in.get("/")["Location"].startswith("/sign-in/")


def test_a_changed_password_signs_other_browsers_out(signed_in, owner):
    elsewhere = Client()
    elsewhere.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
    new = "quite another password"
    data = {"old_password": owner.password, "new_password1": new, "new_password2": new}
    assert "Your password is changed" in text_of(signed_in.post("/settings/password/", data, follow=True))
    assert elsewhere.get("/").status_code == 302
    assert signed_in.get("/").status_code == 200


def test_a_weak_password_is_refused_with_the_reason(signed_in, owner):
    data = {"old_password": owner.password, "new_password1": "short", "new_password2": "short"}
    assert "too short" in text_of(signed_in.post("/settings/password/", data))


def test_a_form_sent_without_its_mark_changes_nothing(owner):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post("/settings/preferences/", {"theme": "dark"}).status_code == 403
