"""Campaigns: leads added and changed."""

import pytest

from runtime.engine.outcomes import Fail
from tests.peers import Answer

LEAD = {"message": "Lead created successfully", "data": {"id": 41, "campaign_id": 12, "status": "created"}}
ADD = {"campaign_id": "{{vars.campaign}}", "phone": "+1 415 555 0132",
       "variables": [{"name": "customer_name", "value": "{{contact.name}}"}]}  # fmt: skip


def add(do, **config):
    return do("campaign_add_lead", {**ADD, **config}, {"contact": {"name": "Jane"}}, variables={"campaign": 12})


def test_a_lead_joins_the_campaign_once(do, vendor):
    vendor.answers["/api/user/lead"] = Answer(201, LEAD)
    outcome, row = add(do)
    assert outcome.output == {"lead_id": 41, "status": "created"}
    assert ("Famulor lead", "41") in row["references"]
    assert vendor.requests[0].json == {"phone_number": "+14155550132", "campaign_id": 12,
                                       "variables": {"customer_name": "Jane"}, "allow_dupplicate": False}  # fmt: skip


def test_a_lead_is_changed_where_something_is_filled_in(do, vendor):
    vendor.answers["/api/user/leads/41"] = {"message": "Lead updated successfully"}
    outcome, _ = do("campaign_update_lead", {"lead_id": "41", "status": "completed"})
    assert outcome.output == {"lead_id": "41"}
    assert (vendor.requests[0].method, vendor.requests[0].json) == ("PUT", {"status": "completed"})
    outcome, _ = do("campaign_update_lead", {"lead_id": "41"})
    assert "nothing to change" in outcome.message


@pytest.mark.parametrize(("config", "code"), [({"phone": "call me"}, "bad_phone"),
                                              ({"campaign_id": "first"}, "not_a_number")])  # fmt: skip
def test_what_is_no_lead_is_told_before_anything_is_sent(config, code, do, vendor):
    outcome, _ = add(do, **config)
    assert isinstance(outcome, Fail)
    assert (outcome.code, vendor.requests) == (code, [])


def test_what_famulor_refuses_is_told_with_its_words(do, vendor):
    errors = {"message": "The phone number has already been taken.", "errors": {"phone_number": ["already taken"]}}
    vendor.answers["/api/user/lead"] = Answer(422, errors)
    outcome, _ = add(do)
    assert "Famulor answered 422" in outcome.message
    assert "already been taken" in outcome.message
    assert "may be in the campaign already" in outcome.message
