"""What the steps of Google's services share: who lets them in, and the errors of its APIs in words.

Errors are `{"error": {"code", "message", "status", "errors": [{"reason"}], "details": [{"reason"}]}}`
(cloud.google.com/apis/design/errors; developers.google.com/workspace/calendar/api/guides/errors).
"""

from typing import Any

from integrations.service_node import ServiceNode
from runtime.engine.fields import ConnectionRef

_SHARED = "Share it with the e-mail address of the service account, or sign in as somebody who may do this."


class GoogleNode(ServiceNode):
    """Declare `app` and the nodes in a subclass."""

    advice = {
        401: "Sign in again, or put a new key into the connection.",
        403: _SHARED, "PERMISSION_DENIED": _SHARED, "forbidden": _SHARED,
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "The connection lacks a scope; add it there, then sign in again.",
        "insufficientPermissions": "The connection lacks a scope; add it there, then sign in again.",
        "SERVICE_DISABLED": "Switch the API on in the Google Cloud project of the connection.",
        "accessNotConfigured": "Switch the API on in the Google Cloud project of the connection.",
        404: "Check the id; Google also says this of what is not shared with the connection's account.",
        429: "Google asks for fewer requests a minute.",
        "rateLimitExceeded": "Google asks for fewer requests.",
        "userRateLimitExceeded": "Google asks for fewer requests.",
    }  # fmt: skip
    passing = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"})
    connection = ConnectionRef("Google account", types=["google", "service_account"], required=True)

    def code_of(self, body: Any) -> str:
        """The most telling of the names Google has for an error."""
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict):
            return str(error or "")
        details = [*(error.get("details") or []), *(error.get("errors") or [])]
        reasons = [str(detail["reason"]) for detail in details if isinstance(detail, dict) and detail.get("reason")]
        return reasons[0] if reasons else str(error.get("status") or "")

    def words_of(self, body: Any) -> str:
        error = body.get("error") if isinstance(body, dict) else None
        return str(error.get("message") or "")[:300] if isinstance(error, dict) else super().words_of(body)
