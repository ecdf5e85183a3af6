"""Stripe: forms with brackets, one refund whatever happens, and its errors in words."""

from urllib.parse import parse_qsl

import pytest

from runtime.engine.outcomes import Fail
from tests.peers import Answer

REFUND = {"id": "re_1", "object": "refund", "amount": 5000, "currency": "eur", "status": "succeeded"}


def form(asked):
    return dict(parse_qsl(asked.body.decode()))


def refund(do, **config):
    return do("stripe_refund", {"payment": "pi_1", "amount": "{{vars.cents}}", **config}, variables={"cents": 5000})


def test_a_refund_carries_its_key_so_that_the_money_goes_once(do, vendor):
    vendor.answers["/v1/refunds"] = REFUND
    metadata = [{"name": "call_id", "value": "{{interaction.id}}"}]
    outcome, row = do("stripe_refund", {"payment": "pi_1", "amount": 5000, "metadata": metadata},
                      {"interaction": {"id": "c-1"}})  # fmt: skip
    asked = vendor.requests[0]
    assert form(asked) == {"payment_intent": "pi_1", "amount": "5000", "reason": "requested_by_customer",
                           "metadata[call_id]": "c-1"}  # fmt: skip
    assert asked.headers["idempotency-key"] == "run-1:0"
    assert asked.headers["stripe-version"] == "2025-07-30.basil"
    assert outcome.output == {"refund_id": "re_1", "status": "succeeded", "amount": 5000, "currency": "eur"}
    assert ("Stripe refund", "re_1") in row["references"]


def test_a_charge_is_refunded_whole_without_an_amount(do, vendor):
    vendor.answers["/v1/refunds"] = {**REFUND, "status": "pending"}
    outcome, _ = do("stripe_refund", {"payment": "ch_9", "amount": None, "reason": "duplicate"})
    assert form(vendor.requests[0]) == {"charge": "ch_9", "reason": "duplicate"}
    assert outcome.output["status"] == "pending"


@pytest.mark.parametrize("cents", [12.5, "a lot", 0])
def test_an_amount_that_is_none_is_told_before_anything_is_sent(cents, do, vendor):
    outcome, _ = do("stripe_refund", {"payment": "pi_1", "amount": "{{vars.cents}}"}, variables={"cents": cents})
    assert isinstance(outcome, Fail)
    assert (outcome.code in ("bad_amount", "not_a_number", "out_of_range"), vendor.requests) == (True, [])


@pytest.mark.parametrize(
    ("status", "error", "says", "retryable"),
    [(400, {"code": "charge_already_refunded", "message": "Charge ch_1 has already been refunded.",
            "type": "invalid_request_error"}, "nothing to do", False),
     (409, {"message": "There is currently another in-progress request using this Idempotent Key",
            "type": "idempotency_error"}, "still be under way", True),
     (404, {"code": "resource_missing", "message": "No such payment_intent: 'pi_1'"}, "same mode", False),
     (401, {"message": "Invalid API Key provided: sk_test_***"}, "rolled", False),
     (429, {"code": "rate_limit", "message": "Too many requests"}, "", True),
     (400, {"code": "lock_timeout", "message": "This object cannot be accessed right now"}, "same object", True)],
)  # fmt: skip
def test_what_stripe_refuses_is_told_with_its_words_and_advice(status, error, says, retryable, do, vendor):
    vendor.answers["/v1/refunds"] = Answer(status, {"error": error})
    outcome, _ = refund(do)
    assert outcome.message.startswith(f"Stripe answered {status}")
    assert error["message"].rstrip(".") in outcome.message
    assert says in outcome.message
    assert outcome.retryable is retryable


def test_a_refund_that_the_bank_refused_is_a_failure(do, vendor):
    vendor.answers["/v1/refunds"] = {**REFUND, "status": "failed", "failure_reason": "lost_or_stolen_card"}
    outcome, _ = refund(do)
    assert (outcome.code, "lost_or_stolen_card" in outcome.message) == ("refund_failed", True)


def test_a_customer_is_found_by_email(do, vendor):
    vendor.answers["/v1/customers"] = {"data": [{"id": "cus_2", "name": "Jane", "phone": None}, {"id": "cus_1"}]}
    outcome, row = do("stripe_find_customer", {"email": "jane+a@example.com"})
    assert outcome.output == {"found": True, "customer_id": "cus_2", "name": "Jane", "phone": None, "count": 2}
    assert vendor.requests[0].path == "/v1/customers?email=jane%2Ba%40example.com&limit=10"
    assert ("Stripe customer", "cus_2") in row["references"]
    vendor.answers["/v1/customers"] = {"data": []}
    assert do("stripe_find_customer", {"email": "x@example.com"})[0].output["found"] is False


def test_a_payment_link_is_made_for_an_amount_or_a_price(do, vendor):
    vendor.answers["/v1/payment_links"] = {"id": "plink_1", "url": "https://buy.stripe.com/x"}
    outcome, _ = do("stripe_payment_link", {"name": "Order 7", "amount": 1250, "currency": "EUR"})
    assert outcome.output == {"url": "https://buy.stripe.com/x", "link_id": "plink_1"}
    assert form(vendor.requests[0]) == {
        "line_items[0][quantity]": "1", "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "1250", "line_items[0][price_data][product_data][name]": "Order 7",
    }  # fmt: skip
    do("stripe_payment_link", {"what": "price", "price": "price_9", "quantity": 2})
    assert form(vendor.requests[1]) == {"line_items[0][quantity]": "2", "line_items[0][price]": "price_9"}
