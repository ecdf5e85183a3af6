"""/flows/<id>/moments/: when a schedule would run next, told before it is saved."""

from datetime import datetime

import pytest

from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Trigger
from tests.flows import chain, end, node


def preview(api, flow, config, **more):
    return api.post(f"/flows/{flow.pk}/moments/", {"config": config, **more})


def test_the_next_five_are_told_in_the_schedules_own_zone(api, flow):
    config = {"mode": "days", "days": ["mon"], "times": ["07:00"], "time_zone": "Asia/Tokyo"}
    told = preview(api, flow, config).value
    assert told["problem"] == ""
    assert len(told["moments"]) == 5
    for row in told["moments"]:
        assert row["local"].endswith("T07:00")
        assert (row["zone"], row["note"]) == ("JST", "")
        assert datetime.fromisoformat(row["at"]).strftime("%a %H:%M") == "Sun 22:00"


def test_what_is_wrong_is_told_in_words_and_is_no_error(api, flow):
    never = preview(api, flow, {"mode": "days", "days": ["noday"], "time_zone": "UTC"}).value
    assert never == {"moments": [], "problem": "This moment never comes."}
    wrong = preview(api, flow, {"mode": "cron", "cron": "every day", "time_zone": "UTC"}).value
    assert "no cron expression" in wrong["problem"]
    assert "no time zone" in preview(api, flow, {"mode": "days", "time_zone": "Mars/Base"}).value["problem"]


@pytest.mark.parametrize("body", [{}, {"config": []}, {"config": {}, "count": 51}, {"config": {}, "odd": 1}])
def test_what_is_no_question_is_422(api, flow, body):
    assert api.post(f"/flows/{flow.pk}/moments/", body).status_code == 422


@pytest.mark.parametrize(
    "config",
    [{"mode": "days", "times": 5}, {"mode": "every", "count": "x"}, {"mode": "every", "count": 10**400},
     {"mode": "days", "days": 5}, {"mode": {}, "times": [None]}, {"time_zone": []}, {"mode": "cron", "cron": {}}],
)  # fmt: skip
def test_odd_values_are_no_crash(api, flow, config):
    answer = preview(api, flow, config)
    assert answer.status_code in (200, 422)


def test_an_interval_that_runs_counts_from_its_last_time(api, workspace, owner):
    config = {"mode": "every", "count": 3, "unit": "hours", "time_zone": "UTC"}
    document = chain(node("start", "schedule", config), end(outcome="done"))
    flow = create_flow(workspace, owner.user, name="Every", kind="automation", document=document)
    publish(flow, owner.user)
    told = preview(api, flow, config, count=1).value["moments"][0]["at"]
    assert datetime.fromisoformat(told) == Trigger.objects.get(flow=flow).next_at
