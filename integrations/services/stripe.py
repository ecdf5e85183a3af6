"""Stripe: customers, refunds, payment links (docs.stripe.com/api: "List all customers", "Create a refund", "Create a
payment link" with `price_data` as of 2025-07-30; "Errors", "Idempotent requests").

Bodies are forms with bracketed names; amounts are in the currency's smallest unit. Every POST carries an
`Idempotency-Key`, kept for 24 hours; 409 with `idempotency_error` means that the first try is still under way.
"""

from types import SimpleNamespace
from typing import Any

from integrations.authentication import bearer
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import Request
from integrations.service_node import ErrorObjectNode
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, ConnectionRef, KeyValues, Number, TextField

REASONS = [("requested_by_customer", "Requested by the customer"), ("duplicate", "Duplicate"),
           ("fraudulent", "Fraudulent")]  # fmt: skip

register_connection_type(
    ConnectionType(
        "stripe", "Stripe", "A restricted key with the rights the flow needs: Stripe, Developers, API keys.",
        (ConnectionField("key", "Secret or restricted key", secret=True, help="It begins with sk_ or rk_."),),
        bearer("key"), icon="stripe", base_url="https://api.stripe.com",
        test=Probe("/v1/balance", told=lambda body: "live" if body.get("livemode") else "test mode"),
    )
)  # fmt: skip


class StripeNode(ErrorObjectNode):
    app = {"id": "stripe", "label": "Stripe", "icon": "stripe"}
    headers = {"Stripe-Version": "2025-07-30.basil"}
    idempotency_header = "Idempotency-Key"
    advice = {
        401: "Check the key in the connection: it may have been rolled, or be of the other mode (live, test).",
        403: "The restricted key lacks a right; give it that right in Stripe.",
        "resource_missing": "There is nothing under this id: is it of the same account, and of the same mode?",
        "charge_already_refunded": "It was refunded before, so there is nothing to do.",
        "amount_too_large": "It is more than was paid.",
        "charge_disputed": "A disputed payment cannot be refunded.",
        "insufficient_funds": "The Stripe balance does not cover the refund; top it up.",
        "lock_timeout": "Another request works on the same object.",
        "idempotency_error": "The first try with this key may still be under way.",
    }
    passing, final = frozenset({"lock_timeout", "rate_limit"}), frozenset({"charge_already_refunded"})
    keywords = ("payment", "money", "refund", "customer")
    connection = ConnectionRef("Stripe", types=["stripe"], required=True)


class FindCustomer(StripeNode):
    """Finds a customer by email; the newest, if there are several. Nobody found is no failure: `found` says it."""

    type, label, order = "stripe_find_customer", "Find customer", 1
    effect = "repeatable"
    email = TextField("Email", required=True, max_length=512, help="Stripe compares it with upper and lower case.")
    outputs = (
        {"name": "found", "label": "Found", "type": "boolean", "sample": True},
        {"name": "customer_id", "label": "Stripe customer", "type": "text", "sample": "cus_NffrFeUfNV2Hib"},
        {"name": "name", "label": "Name", "type": "text", "sample": "Jane Doe"},
        {"name": "phone", "label": "Phone", "type": "text", "sample": "+14155550132"},
        {"name": "count", "label": "Customers with this email", "type": "number", "sample": 1},
    )
    references, summary = ("customer_id",), ({"field": "email"},)
    filled = {"email": "{{contact.email}}"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        return Request("GET", "/v1/customers", query={"email": given.email, "limit": 10})

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        customers = body["data"]
        customer = customers[0] if customers else {}
        return {"found": bool(customers), "customer_id": customer.get("id"), "name": customer.get("name"),
                "phone": customer.get("phone"), "count": len(customers)}  # fmt: skip


class Refund(StripeNode):
    """Gives money back. `status` tells whether it is done: **succeeded**, or **pending** while the bank works on it.

    A repetition after a crash, a retry or a second click on Approve carries the same key: the money goes once.
    """

    type, label, order = "stripe_refund", "Refund", 2
    payment = TextField("Payment", required=True, max_length=255, pattern=r"(pi|ch|py)_\w+",
                        help="A payment intent (pi_…) or a charge (ch_…).")  # fmt: skip
    amount = Number("Amount", template=True, min=1, help="In the smallest unit: 5000 is 50.00. Empty: all of it.")
    reason = Choice("Reason", options=REASONS, default="requested_by_customer")
    metadata = KeyValues("Metadata", default=[], max_items=50, section="More", advanced=True)
    outputs = (
        {"name": "refund_id", "label": "Stripe refund", "type": "text", "sample": "re_1Pgc72B7WZ01zgkWqPvrRrPE"},
        {"name": "status", "label": "Status", "type": "text", "sample": "succeeded"},
        {"name": "amount", "label": "Amount", "type": "number", "sample": 5000},
        {"name": "currency", "label": "Currency", "type": "text", "sample": "usd"},
    )
    references, summary = ("refund_id",), ({"field": "payment"},)
    filled = {"payment": "pi_3PgafuB7WZ01zgkW", "amount": 5000,
              "metadata": [{"name": "call_id", "value": "{{interaction.id}}"}]}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        if given.amount is not None and not isinstance(given.amount, int):
            raise StepError("The amount is in the smallest unit, so it has no decimals.", code="bad_amount")
        name = "payment_intent" if given.payment.startswith("pi_") else "charge"
        form = {name: given.payment, "amount": given.amount, "reason": given.reason, **metadata_of(given.metadata)}
        return Request("POST", "/v1/refunds", form=form)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        if body["status"] in ("failed", "canceled"):
            why = body.get("failure_reason") or body["status"]
            raise StepError(f"Stripe took the refund {body['id']}, but it did not succeed: {why}.", "refund_failed")
        return {"refund_id": body["id"], "status": body["status"], "amount": body.get("amount"),
                "currency": body.get("currency")}  # fmt: skip


class PaymentLink(StripeNode):
    """Makes a page where somebody can pay, and gives its address: to say it, or to send it by SMS."""

    type, label, order = "stripe_payment_link", "Payment link", 3
    what = Choice("For", options=[("amount", "An amount"), ("price", "A price of Stripe's")], default="amount")
    name = TextField("What is paid for", required=True, max_length=250, visible_if={"field": "what", "in": ["amount"]})
    amount = Number("Amount", required=True, template=True, min=1, visible_if={"field": "what", "in": ["amount"]},
                    help="In the smallest unit: 5000 is 50.00.")  # fmt: skip
    currency = TextField("Currency", required=True, default="usd", pattern=r"[A-Za-z]{3}",
                         visible_if={"field": "what", "in": ["amount"]})  # fmt: skip
    price = TextField("Price", required=True, pattern=r"price_\w+", visible_if={"field": "what", "in": ["price"]})
    quantity = Number("Quantity", template=True, default=1, min=1, max=999_999)
    metadata = KeyValues("Metadata", default=[], max_items=50, section="More", advanced=True)
    outputs = (
        {"name": "url", "label": "Address", "type": "text", "sample": "https://buy.stripe.com/test_cN25nr0iZ7bUa7meUY"},
        {"name": "link_id", "label": "Stripe payment link", "type": "text", "sample": "plink_1MoC3ULkdIwHu7ixZjtGpVl2"},
    )
    references, summary = ("link_id",), ({"field": "name"}, {"field": "price"})
    filled = {"name": "Order 1001", "amount": 5000, "currency": "usd"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        item = "line_items[0]"
        form = {f"{item}[quantity]": given.quantity or 1, **metadata_of(given.metadata)}
        if given.what == "price":
            form[f"{item}[price]"] = given.price
        else:
            data = f"{item}[price_data]"
            form |= {f"{data}[currency]": given.currency.lower(), f"{data}[unit_amount]": given.amount,
                     f"{data}[product_data][name]": given.name}  # fmt: skip
        return Request("POST", "/v1/payment_links", form=form)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"url": body["url"], "link_id": body["id"]}


def metadata_of(values: dict[str, str]) -> dict[str, str]:
    return {f"metadata[{name}]": value for name, value in values.items()}
