"""What every node may be told besides its config: `retry`, `timeout_seconds`, `on_error`, each within its bounds."""

from collections.abc import Iterator, Mapping
from typing import Any


def wrong_settings(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(JSON Pointer from the settings, what is wrong) of each: retries, time-out, what happens after an error."""
    for name in sorted(set(settings) - {"retry", "timeout_seconds", "on_error"}):
        yield f"/{name}", f"There is no setting {name!r}."
    retry = settings.get("retry", {})
    if not isinstance(retry, Mapping) or set(retry) - {"max_attempts", "backoff_seconds", "factor"}:
        yield "/retry", "Retry is max_attempts, backoff_seconds and factor."
    else:
        bounds = {"max_attempts": (1, 10), "backoff_seconds": (0, 3600), "factor": (1, 10)}
        yield from (issue for name, value in retry.items() for issue in _bounded(f"/retry/{name}", value, bounds[name]))
    if "timeout_seconds" in settings:
        yield from _bounded("/timeout_seconds", settings["timeout_seconds"], (0.1, 60))
    if settings.get("on_error", "stop") not in ("stop", "continue", "branch"):
        yield "/on_error", "On error is stop, continue or branch."


def _bounded(pointer: str, value: Any, bounds: tuple[float, float]) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not bounds[0] <= value <= bounds[1]:
        yield (
            pointer,
            f"{pointer.rsplit('/', 1)[-1].replace('_', ' ')} must be a number from {bounds[0]} to {bounds[1]}.",
        )
