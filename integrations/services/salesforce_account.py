"""Salesforce: the two ways to be let in, by sign-in or as the app itself (client credentials flow).

Both go through the company's My Domain, where its API is as well (help.salesforce.com, "OAuth Authorization Flows").
"""

from dataclasses import replace

from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.grants import Grant, client_credentials
from integrations.oauth_types import CLIENT_ID, CLIENT_SECRET, SCOPE

DOMAIN = ConnectionField(
    "domain", "My Domain", pattern=r"[A-Za-z0-9.-]+\.salesforce\.com", help="Such as acme.my.salesforce.com."
)
TOKEN_URL = "https://{domain}/services/oauth2/token"
PROBE = Probe("/services/oauth2/userinfo", told=lambda body: str(body.get("preferred_username") or body["user_id"]))
_shared = {"icon": "salesforce", "base_url": "https://{domain}", "test": PROBE}

register_connection_type(
    ConnectionType(
        "salesforce_client", "Salesforce", "An app of your org with the client credentials flow, acting as its user.",
        (DOMAIN, CLIENT_ID, CLIENT_SECRET), grant=Grant(TOKEN_URL, client_credentials, in_body=True), **_shared,
    )
)  # fmt: skip
register_connection_type(
    ConnectionType(
        "salesforce", "Salesforce (sign in)", "Somebody signs in to Salesforce; for an app of your org.",
        (DOMAIN, CLIENT_ID, CLIENT_SECRET, replace(SCOPE, default="api refresh_token")),
        grant=Grant(TOKEN_URL, authorize_url="https://{domain}/services/oauth2/authorize", in_body=True), **_shared,
    )
)  # fmt: skip
