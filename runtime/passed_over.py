"""Why a flow did not start: what came lately, was for it by its kind, and was passed over."""

from typing import Any

from runtime.models import Event, Flow

LOOK_AT = 2000
MOST = 50


def passed_over(flow: Flow, most: int = MOST) -> list[dict[str, Any]]:
    """Newest first, of the workspace's last events: [{"event", "type", "source", "at", "interaction", "reason",
    "conditions"}], the last as in a step's reason.
    """
    events = Event.objects.for_workspace(flow.workspace).order_by("-id")
    own, found = str(flow.pk), []
    for event in events.defer("payload", "secure_sealed")[:LOOK_AT]:
        for row in event.skipped or ():
            if row.get("flow") == own and len(found) < most:
                found.append({
                    "event": str(event.pk), "type": event.type, "source": event.source, "at": event.received_at,
                    "interaction": event.interaction_id or None, "reason": str(row.get("reason") or ""),
                    "conditions": row.get("conditions") or [],
                })  # fmt: skip
    return found
