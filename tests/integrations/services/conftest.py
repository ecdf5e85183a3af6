"""A fake of any service: a real HTTP server, a connection that leads to it, and one step performed against it."""

import pytest

from integrations.connection_types import TYPES
from integrations.connections import Credentials
from integrations.hosts import check_host
from integrations.masking import Mask
from runtime.engine import registry
from tests.peers import Peer

SECRET = "s3cret/of+{}"
# Values of fields that have a form of their own.
VALUES = {
    "input_price": "2.5",
    "output_price": "10",
    "account_sid": "AC" + "0" * 32,
    "account_id": "1",
    "admin_id": "814860",
    "sender": "Bot <bot@example.com>",
    "domain": "acme.my.salesforce.com",
    "token_url": "https://auth.example.com/token",
    "authorize_url": "https://auth.example.com/authorize",
}


# What a visitor says to a step that asks its service only then.
REPLY = {"kind": "reply", "message": {"id": "m-1", "text": "Hello"}, "history": [{"role": "user", "text": "Hello"}]}


class Standing:
    """An access token that is there and is not got anew; how tokens are got is tested beside them."""

    access = staticmethod(lambda: SECRET.format("access"))
    renew = staticmethod(lambda: False)


def values_for(kind, url, **own):
    """Something for every field of a connection type; its service is at `url`."""
    values = {field.name: _value(field) for field in kind.fields}
    return values | ({"base_url": url} if "base_url" in values else {}) | own


def _value(field):
    if field.secret:
        return SECRET.format(field.name)
    if field.name in VALUES:
        return VALUES[field.name]
    return field.default or (field.options[0][0] if field.options else field.name.replace("_", "-"))


@pytest.fixture
def vendor(open_to):
    """The service. `vendor.answers["/path"]` is what it says, `vendor.requests` what it was asked."""
    with Peer() as vendor:
        open_to(vendor)
        yield vendor


@pytest.fixture
def connected(vendor):
    """connected("hubspot", token="...") -> the credentials of a connection that leads to the vendor."""

    def connected(name, **own):
        kind = TYPES[name]
        values = values_for(kind, vendor.url, **own)
        assert not kind.check(values)
        hosts = tuple(kind.hosts(values)) or (f"127.0.0.1:{vendor.port}",)
        assert not any(map(check_host, hosts))
        secrets = [values[name] for name in kind.secret_names] + [SECRET.format("access")]
        tokens = Standing() if kind.grant else None
        return Credentials(kind.label, kind, hosts, values, Mask(secrets), tokens=tokens)

    return connected


@pytest.fixture
def do(ask, connected):
    """do("hubspot_add_note", {config}, event={}, mode="live", values={}, **settings) -> (outcome, the row of history).

    Against the vendor, as the runner would, without a database; `values` are of the connection.
    """

    def do(type, config=None, event=None, values=None, **more):
        node_type = registry.find(type)
        kinds = node_type.fields["connection"].types
        if node_type.waits:
            more = {"reply": REPLY, **more}
        return ask(config or {}, event, connected(kinds[0], **(values or {})), type=type, **more)

    return do
