"""A receiver takes what its vendor signed and nothing else: vectors, rotations, forgeries, old news."""

import base64
import hashlib
import hmac

import pytest

from integrations.receivers import all_receivers

VENDORS = {receiver.name: receiver for receiver in all_receivers()}
BODY = b'{"event":"call_ended"}'
NOW = 1763650930.123
# Published vectors of the schemes: secret, headers.
VECTORS = {
    "vapi": ("vapi_test_secret_0001", {
        "x-timestamp": "1763650930",
        "x-signature": "0be15c34527ce15b86031cee5f58a1b4b09ed5e6b442ba0fc2eda7d24187a2ea"}),
    "retell": ("key_retell_test_0001", {
        "x-retell-signature": "v=1763650930123,d=1b78b7abdafa274f9f855ca46573fe26d848b47aa923a5ee871100de1da568a4"}),
    "elevenlabs": ("wsec_elevenlabs_test_0001", {
        "elevenlabs-signature": "t=1763650930,v0=51f76347fb7c9c065a49fc369f246a2b90665e1c641ab250421c17ec2bf9524a"}),
    "famulor": ("famulor_signing_secret_0001", {
        "x-signature-256": "sha256=5341d094f73e5990fdbcdb807f5be2d94da980d39d01921729dd6d89a382f508"}),
    "goldilocks": ("goldilocks_test_secret", {
        "x-goldilocks-signature": "sha256=0cfc1d0e873675f7654b1f7e3c24d1a69438f999b4ca129558b5d3f6e083db64"}),
    "bland": ("bland_test_secret", {
        "x-webhook-signature": "05a9d24bf66a7ef5c6b9ce98e7ac79a5f4355384b71db641102e812995f3611f"}),
}  # fmt: skip
STAMPED = ("vapi", "retell", "elevenlabs")


def hexed(secret, text, digest="sha256"):
    return hmac.new(secret.encode(), text, digest).hexdigest()


def verify(vendor, headers, secrets, body=BODY, now=NOW):
    return VENDORS[vendor].verify(headers, body, secrets, now)


@pytest.mark.parametrize("vendor", VECTORS)
def test_the_published_vector_is_taken(vendor):
    secret, headers = VECTORS[vendor]
    assert verify(vendor, headers, [secret]) is None


@pytest.mark.parametrize("vendor", VECTORS)
def test_any_secret_of_a_rotation_will_do(vendor):
    secret, headers = VECTORS[vendor]
    assert verify(vendor, headers, ["new-secret", secret]) is None


@pytest.mark.parametrize("vendor", VECTORS)
def test_a_changed_byte_another_secret_or_none_is_refused(vendor):
    secret, headers = VECTORS[vendor]
    assert verify(vendor, headers, [secret], body=BODY + b" ")
    assert verify(vendor, headers, [secret], body=BODY.replace(b"ended", b"Ended"))
    assert verify(vendor, headers, ["other"])
    assert verify(vendor, headers, [])
    assert verify(vendor, {}, [secret])


@pytest.mark.parametrize("vendor", VECTORS)
@pytest.mark.parametrize(
    "bad", ["", "=", "v=,d=", "t=1763650930", "sha256=", "v=x,d=y", "d=00", "\u00e9", "a" * 64, "v=1,d=1" * 50]
)
def test_broken_signatures_are_refused_and_not_a_crash(vendor, bad):
    secret, headers = VECTORS[vendor]
    assert verify(vendor, dict.fromkeys(headers, bad), [secret])
    assert verify(vendor, {**headers, list(headers)[-1]: bad}, [secret])


@pytest.mark.parametrize(
    ("vendor", "seconds", "taken"),
    [("vapi", 299, True), ("vapi", 301, False), ("vapi", -299, True), ("vapi", -302, False), ("retell", 300, True),
     ("retell", 300.002, False), ("retell", -300, True), ("retell", -300.002, False), ("elevenlabs", 1799, True),
     ("elevenlabs", 1801, False), ("elevenlabs", -299, True), ("elevenlabs", -302, False)],
)  # fmt: skip
def test_old_news_and_the_future_are_refused(vendor, seconds, taken):
    secret, headers = VECTORS[vendor]
    assert (verify(vendor, headers, [secret], now=NOW + seconds) is None) is taken


def test_the_time_stamp_is_part_of_what_is_signed():
    for vendor in STAMPED:
        secret, headers = VECTORS[vendor]
        later = {name: value.replace("1763650930", "1763650931") for name, value in headers.items()}
        assert verify(vendor, later, [secret])


def test_vapi_may_be_set_up_in_several_ways():
    secret = "another-secret"
    signed = hmac.new(secret.encode(), b"1763650930123." + BODY, "sha512").digest()
    ways = [
        {"x-vapi-secret": secret},
        {"authorization": f"Bearer {secret}"},
        {"x-signature": hexed(secret, BODY)},
        {"x-signature": "sha256=" + hexed(secret, BODY)},
        {"x-signature": base64.b64encode(hmac.new(secret.encode(), BODY, "sha256").digest()).decode()},
        {"x-timestamp": "1763650930123", "x-signature": signed.hex()},
        {"x-signature": hexed(secret, BODY, "sha1")},
    ]
    for headers in ways:
        assert verify("vapi", headers, [secret]) is None, headers
    for headers in ({"x-vapi-secret": "wrong"}, {"authorization": "Bearer wrong"}, {"authorization": secret}):
        assert verify("vapi", headers, [secret])


def test_a_stripped_time_stamp_does_not_help():
    secret, headers = VECTORS["vapi"]
    assert verify("vapi", {"x-signature": headers["x-signature"]}, [secret])


def test_famulors_unsigned_bodies_carry_the_secret_in_a_header():
    assert verify("famulor", {"x-webhook-secret": "s3cret-one"}, ["s3cret-one"]) is None
    assert verify("famulor", {"authorization": "Bearer s3cret-one"}, ["s3cret-one"]) is None
    assert verify("famulor", {"x-webhook-secret": "s3cret"}, ["s3cret-one"])


def test_standard_webhooks_are_understood_by_the_generic_receiver():
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,bm9wZQ== v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,xx",
    }  # fmt: skip
    assert verify("generic", headers, [secret], body, 1614265330) is None
    assert verify("generic", headers, ["whsec_other", secret], body, 1614265330) is None
    assert verify("generic", headers, [secret], body, 1614265330 + 301)
    assert verify("generic", headers, [secret], body + b" ", 1614265330)
    assert verify("generic", {**headers, "webhook-id": "msg_other"}, [secret], body, 1614265330)
    assert verify("generic", {**headers, "webhook-signature": "v2,x"}, [secret], body, 1614265330)


@pytest.mark.parametrize("name", ["x-signature-256", "x-hub-signature-256", "x-signature"])
def test_a_plain_hmac_is_understood_by_the_generic_receiver(name):
    assert verify("generic", {name: "sha256=" + hexed("key-of-ours", BODY)}, ["key-of-ours"]) is None
    assert verify("generic", {name: hexed("key-of-ours", BODY)}, ["key-of-ours"]) is None
    assert verify("generic", {name: hexed("key-of-ours", b"other")}, ["key-of-ours"])


def test_why_a_body_is_refused_is_said_without_the_secret():
    for vendor, (secret, headers) in VECTORS.items():
        for given in ({}, headers):
            reason = verify(vendor, given, ["hush-hush"])
            assert reason
            assert "hush" not in reason
            assert secret not in reason
            assert hashlib.sha256(secret.encode()).hexdigest() not in reason


def test_synthflow_signs_the_calls_id_and_nothing_else():
    secret, call = "synthflow_test_secret", "1711646262471x768387119913843100"
    body = f'{{"status": "completed", "call": {{"call_id": "{call}"}}}}'.encode()
    given = "e75GV+TAVSeqrD4KWHNOBni5JU2ZIdrhoffkcnHi8t4="
    for name in ("http_synthflow_signature", "http-synthflow-signature", "synthflow-signature"):
        assert verify("synthflow", {name: given}, [secret], body) is None
    assert verify("synthflow", {"synthflow-signature": hexed(secret, call.encode())}, ["old", secret], body) is None
    assert verify("synthflow", {"synthflow-signature": given}, [secret], body.replace(b"1711", b"1712"))
    assert verify("synthflow", {"synthflow-signature": given}, [secret], b"{")
    assert verify("synthflow", {}, [secret], body)


def test_twilio_signs_the_address_it_called_and_the_sorted_fields():
    url, secret = "https://mycompany.com/myapp.php?foo=1&bar=2", "12345"
    body = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
    headers = {":url": url, "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    assert verify("twilio", headers, [secret], body) is None
    assert verify("twilio", headers, ["old", secret], b"&".join(reversed(body.split(b"&")))) is None
    assert verify("twilio", {**headers, ":url": url + "&more=1"}, [secret], body)
    assert verify("twilio", headers, [secret], body + b"&Extra=")
    assert verify("twilio", headers, ["other"], body)
    assert verify("twilio", {":url": url}, [secret], body)


def test_twilio_puts_the_hash_of_other_bodies_into_the_address():
    body, secret = b'{"a": 1}', "12345"
    url = f"https://flows.example.com/in/twilio/t/?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = base64.b64encode(hmac.new(secret.encode(), url.encode(), "sha1").digest()).decode()
    headers = {":url": url, "x-twilio-signature": signature}
    assert verify("twilio", headers, [secret], body) is None
    assert verify("twilio", headers, [secret], b'{"a": 2}')


@pytest.mark.parametrize(("vendor", "name"), [("strada", "x-strada-secret"), ("sigmamind", "x-webhook-secret")])
def test_a_secret_that_is_simply_sent_along(vendor, name):
    assert verify(vendor, {name: "strada_test_secret"}, ["strada_test_secret"]) is None
    assert verify(vendor, {"authorization": "Bearer strada_test_secret"}, ["strada_test_secret"]) is None
    for wrong in ("", "strada_test_secre", "strada_test_secrets", "\u00e9"):
        assert verify(vendor, {name: wrong}, ["strada_test_secret"])
