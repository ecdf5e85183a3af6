"""Crashes of our own code, reported to Sentry or what speaks its protocol, where SENTRY_DSN is set.

What is sent is the error, where it happened and which release; never what was being worked on: no variables of the
stack, no request bodies, headers, cookies or addresses of people, no breadcrumbs (they would quote log lines).
"""

from typing import Any

from builder.build import build_id


def report_to(dsn: str) -> None:
    """Begin to report from this process; called once, when it starts."""
    import sentry_sdk

    sentry_sdk.init(
        dsn,
        release=build_id(),
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=_bare,
        traces_sample_rate=0.0,
    )


def _bare(event: Any, hint: Any) -> Any:
    """The event without its request and extras: addresses may hold tokens, extras may hold anything."""
    for name in ("request", "extra", "user", "breadcrumbs", "server_name"):
        event.pop(name, None)
    return event
