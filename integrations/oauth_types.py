"""The connection types that are no one service's: OAuth 2 in its three forms, and client certificates."""

from integrations import client_certificates
from integrations.authentication import Outgoing, Values, nothing
from integrations.connection_types import ConnectionField, ConnectionType, register_connection_type
from integrations.grants import Grant, client_credentials, pasted_refresh_token

TOKEN_URL = ConnectionField("token_url", "Token address", help="Such as https://auth.example.com/oauth/token.")
CLIENT_ID = ConnectionField("client_id", "Client id")
CLIENT_SECRET = ConnectionField("client_secret", "Client secret", secret=True)
SCOPE = ConnectionField("scope", "Scope", required=False, help="What to ask for; several with spaces between them.")
CLIENT_AUTH = ConnectionField(
    "client_auth", "Client id and secret go", required=False, default="basic", advanced=True,
    options=(("basic", "Into the Authorization header"), ("body", "Into the form")),
)  # fmt: skip
AUDIENCE = ConnectionField("audience", "Audience", required=False, advanced=True, help="Where the server asks for one.")

register_connection_type(
    ConnectionType(
        "oauth2_client_credentials", "OAuth 2 client credentials",
        "A client id and secret, for which a server gives access tokens. They are renewed by themselves.",
        (TOKEN_URL, CLIENT_ID, CLIENT_SECRET, SCOPE, AUDIENCE, CLIENT_AUTH), icon="shield",
        grant=Grant("{token_url}", client_credentials),
    )
)  # fmt: skip
register_connection_type(
    ConnectionType(
        "oauth2_refresh", "OAuth 2 refresh token", "A refresh token you have, for which a server gives access tokens.",
        (TOKEN_URL, ConnectionField("refresh_token", "Refresh token", secret=True),
         ConnectionField("client_id", "Client id", required=False),
         ConnectionField("client_secret", "Client secret", secret=True, required=False), SCOPE, CLIENT_AUTH),
        icon="refresh", grant=Grant("{token_url}", pasted_refresh_token),
    )
)  # fmt: skip
register_connection_type(
    ConnectionType(
        "oauth2_sign_in", "OAuth 2 sign-in", "Somebody signs in at the other system and allows the access once.",
        (ConnectionField("authorize_url", "Sign-in address", help="Such as https://auth.example.com/authorize."),
         TOKEN_URL, CLIENT_ID, CLIENT_SECRET, SCOPE, CLIENT_AUTH),
        icon="user", grant=Grant("{token_url}", authorize_url="{authorize_url}"),
    )
)  # fmt: skip


def _with_token(values: Values, request: Outgoing) -> Outgoing:
    token = values.get("token")
    return request.with_header("Authorization", f"Bearer {token}") if token else nothing(values, request)


register_connection_type(
    ConnectionType(
        "mtls", "Client certificate (mTLS)", "A certificate and its key, shown to the peer when the line is made.",
        (ConnectionField("certificate", "Certificate", lines=True, help="PEM; intermediate ones below it."),
         ConnectionField("key", "Private key", secret=True, lines=True, help="PEM, without a passphrase."),
         ConnectionField("ca", "Authority of the peer", required=False, lines=True, advanced=True,
                         help="PEM, where the peer's certificate comes from an authority of its own."),
         ConnectionField("token", "Bearer token", secret=True, required=False, advanced=True,
                         help="Where the peer asks for one as well.")),
        _with_token, icon="lock", check_more=client_certificates.check, expires=client_certificates.expires,
        identity=client_certificates.identity_of,
    )
)  # fmt: skip
