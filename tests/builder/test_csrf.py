"""A form without its mark changes nothing, and the answer says what to do."""

import pytest
from django.test import Client

from runtime.models import Workspace

pytestmark = pytest.mark.django_db


def test_a_page_says_to_reload_and_the_api_answers_a_problem(owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post("/settings/workspace/", {"name": "Stolen"})
    assert page.status_code == 403
    assert "send that again" in page.content.decode()
    answer = client.post("/api/v1/flows/", {"name": "x", "kind": "post_call"}, content_type="application/json")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert Workspace.objects.get().name == "Acme"
