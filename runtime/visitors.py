"""What is known of a visitor as conditions see it: what the page reports, and what follows from it."""

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from runtime import present
from runtime.engine.chat import DAYS, people_online

TEXTS = ("page", "referrer", "country", "browser", "os", "device", "ip", "language", "title")
NUMBERS = ("visits", "seconds_on_page")
TRUTHS = ("online", "identified", "phone_verified")
LONGEST = 2_000
_VERSION = re.compile(r"(\d+(?:\.\d+)?)")


def visitor_of(given: Mapping[str, Any], availability: Mapping[str, Any], time_zone: str) -> dict[str, Any]:
    """`given` with the browser's version apart, whether people are online, and the workspace's day and hour."""
    visitor = {name: given[name] for name in (*TEXTS, *NUMBERS, *TRUTHS) if given.get(name) is not None}
    version = _VERSION.search(str(given.get("browser") or ""))
    return {
        **visitor,
        "browser_version": float(version[1]) if version else None,
        **as_of_now(availability, time_zone),
    }


def as_of_now(availability: Mapping[str, Any], time_zone: str) -> dict[str, Any]:
    """Whether people are online, and the workspace's day and hour."""
    now = present.now().astimezone(ZoneInfo(time_zone or "UTC"))
    online = people_online(availability or {}, "", now)
    return {"people_online": online, "weekday": DAYS[now.weekday()], "hour": now.hour}


def wrong_in(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(member, words) of everything that is not as it should be."""
    found = [(name, f"There is no {name!r} of a visitor.")
             for name in sorted(set(given) - {*TEXTS, *NUMBERS, *TRUTHS})]  # fmt: skip
    for name in TEXTS:
        value = given.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST):
            found.append((name, f"{name} is a text of {LONGEST:,} characters at most."))
    for name in NUMBERS:
        value = given.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            found.append((name, f"{name} is a number."))
    found += [(name, f"{name} is true or false.") for name in TRUTHS if not isinstance(given.get(name), bool | None)]
    return found
