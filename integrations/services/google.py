"""Google: the two ways to be let in, for Sheets, Calendar and any other of its APIs.

A service account signs for itself (developers.google.com/identity/protocols/oauth2/service-account); or somebody signs
in (.../web-server; `access_type=offline` gives a refresh token, `prompt=consent` gives one again).
"""

from collections.abc import Iterator
from dataclasses import replace

from integrations.authentication import Values
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.grants import Grant, service_account, signed_assertion
from integrations.oauth_types import CLIENT_ID, CLIENT_SECRET, SCOPE

HOSTS = ("sheets.googleapis.com", "www.googleapis.com")
SCOPES = "https://www.googleapis.com/auth/spreadsheets https://www.googleapis.com/auth/calendar.events"
TOKEN_URL = "https://oauth2.googleapis.com/token"
PROBE = Probe("/oauth2/v3/tokeninfo", told=lambda body: f"allowed: {body['scope']}")


def _key_file(values: Values) -> Iterator[tuple[str, str]]:
    try:
        service_account(values.get("key", ""))
    except ValueError as error:
        yield "key", str(error)


register_connection_type(
    ConnectionType(
        "service_account", "Google service account",
        "The JSON key of a service account. Share the spreadsheet or calendar with its e-mail address.",
        (ConnectionField("key", "Key file", secret=True, lines=True, help="The whole JSON file."),
         replace(SCOPE, default=SCOPES, required=True),
         ConnectionField("subject", "Act for", required=False, advanced=True,
                         help="An e-mail address, where the account may act for your domain's people.")),
        icon="google_sheets", base_url="https://www.googleapis.com", more_hosts=HOSTS,
        grant=Grant(TOKEN_URL, signed_assertion), test=PROBE, check_more=_key_file,
    )
)  # fmt: skip
register_connection_type(
    ConnectionType(
        "google", "Google (sign in)", "Somebody signs in to Google; for a client id and secret of your Google project.",
        (CLIENT_ID, CLIENT_SECRET, replace(SCOPE, default=SCOPES)), icon="google_calendar",
        base_url="https://www.googleapis.com", more_hosts=HOSTS, test=PROBE,
        grant=Grant(TOKEN_URL, authorize_url="https://accounts.google.com/o/oauth2/v2/auth", in_body=True,
                    more={"access_type": "offline", "prompt": "consent"}),
    )
)  # fmt: skip
