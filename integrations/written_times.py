"""Times and time zones as they are written into a step's settings, for services that want them exact."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from runtime.engine.errors import StepError


def zone_of(written: str, step: Any) -> str:
    """The name of the time zone that is meant: the workspace's where none is written. Raises StepError."""
    zone = written or step.scope.get("workspace", {}).get("time_zone") or "UTC"
    if zone not in available_timezones():
        raise StepError(f"{zone[:60]!r} is no time zone; an example is Europe/Berlin.", code="bad_time_zone")
    return str(zone)


def moment_of(text: str, zone: str = "") -> datetime:
    """A date and time with its offset; written without one it is in `zone`. Raises StepError, without a zone too."""
    example = "2026-02-01T10:00" if zone else "2026-02-01T10:00:00+01:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StepError(f"{text[:60]!r} is no date and time such as {example}.", code="bad_time") from None
    if moment.tzinfo is None and not zone:
        raise StepError(f"{text[:60]!r} has no offset; write it like {example}.", code="bad_time")
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
