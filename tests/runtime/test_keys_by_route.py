"""One Idempotency-Key means one request of one address: the same key elsewhere is another request."""

import pytest
import requests

from runtime.models import Run
from tests.flows import action_called, call_ended, chain, end, node, respond

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_key_belongs_to_its_workspace_and_route(live, workspace, publish, api_key):
    publish(workspace, chain(call_ended(), end()), name="Calls")
    publish(workspace, chain(action_called("look_up"), respond(response="{}")), kind="action", name="Look up")
    hooks = [
        publish(workspace, chain(node("start", "webhook", {"respond": answer}), end()), kind="automation", name=name)
        for name, answer in (("One", "at_once"), ("Two", "at_once"), ("Three", "when_done"))
    ]
    headers = {"Authorization": f"Bearer {api_key}", "Idempotency-Key": "the-same"}
    bodies = {f"{live}/api/v1/events/": {"type": "call.ended", "interaction": {"id": "c", "status": "completed"}},
              f"{live}/api/v1/actions/look_up/": {"arguments": {}},
              **{f"{live}/hooks/{hook.token}/": {"a": 1} for hook in hooks}}  # fmt: skip
    for _ in range(2):
        for url, body in bodies.items():
            assert requests.post(url, json=body, headers=headers, timeout=10).status_code in (200, 202), url
    assert Run.objects.count() == len(bodies)
    others = [{"type": "call.ended", "interaction": {"id": "d"}}, {"arguments": {"x": 1}}, {"a": 2}, {"a": 2}, {"a": 2}]
    for url, other in zip(bodies, others, strict=True):
        assert requests.post(url, json=other, headers=headers, timeout=10).status_code == 422, url
    assert Run.objects.count() == len(bodies)
