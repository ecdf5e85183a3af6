"""A known secret is hidden in whatever form it comes back."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from integrations.masking import HIDDEN, Mask

SECRETS = ["sk_live_51H8s3cret", 'pa"ss <w&rd> ü/+?', "c2VjcmV0==/+x", "0123456789abcdef"]


def forms(secret):
    raw = secret.encode()
    yield secret
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret), html.escape(secret))
    yield json.dumps(secret, ensure_ascii=False)
    yield from (raw.hex(), raw.hex().upper(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode())
    for before in (b"a", b"ab", b"abc", b"user:"):
        yield base64.b64encode(before + raw + b":after").decode()


@pytest.mark.parametrize("secret", SECRETS)
def test_no_form_of_a_secret_survives(secret):
    mask = Mask([secret])
    for form in forms(secret):
        shown = mask.text(f"before {form} after")
        assert HIDDEN in shown, form
        assert secret not in shown
        assert shown.startswith("before ")
        assert shown.endswith(" after")


def test_json_values_are_masked_names_and_all():
    mask = Mask(["s3cret-token"])
    shown = mask.value({"s3cret-token": ["x s3cret-token", 5, None, {"deep": "s3cret-token"}]})
    assert shown == {HIDDEN: [f"x {HIDDEN}", 5, None, {"deep": HIDDEN}]}


def test_a_number_is_hidden_like_its_text():
    value = Mask(["4111111111111111"]).value({"card": 4111111111111111, "amount": 12, "paid": True})
    assert value == {"card": HIDDEN, "amount": 12, "paid": True}


def test_short_values_are_left_alone():
    assert Mask(["abc", ""]).text("abcabc") == "abcabc"
    assert not Mask(["abc"])


def test_headers_that_carry_credentials_are_hidden_by_name():
    shown = Mask().headers(
        {"Authorization": "x", "X-Api-Key": "y", "Set-Cookie": "z", "X-Auth-Token": "t", "Accept": "a"}
    )
    assert shown == {"Authorization": HIDDEN, "X-Api-Key": HIDDEN, "Set-Cookie": HIDDEN, "X-Auth-Token": HIDDEN,
                     "Accept": "a"}  # fmt: skip


def test_masks_can_be_joined():
    mask = Mask(["first-secret"]).and_also(["second-secret", "x"])
    assert mask.text("first-secret second-secret x") == f"{HIDDEN} {HIDDEN} x"
