"""Which time zone a telephone number's owner most likely lives in, where the country has only one."""

from functools import lru_cache
from pathlib import Path
from zoneinfo import TZPATH, available_timezones

import phonenumbers

TABLE = "zone1970.tab"  # the time zone database's own list: country codes, place, zone


def zone_of_number(number: str) -> str | None:
    """Of an E.164 number: its country's zone; None for countries of several, and where nothing is known."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return None
    zones = _zones().get(region or "", ())
    return zones[0] if len(zones) == 1 and zones[0] in available_timezones() else None


@lru_cache(maxsize=1)
def _zones() -> dict[str, tuple[str, ...]]:
    """{country: the zones that are listed under it first, or all that it shares}."""
    own: dict[str, list[str]] = {}
    shared: dict[str, list[str]] = {}
    for line in _lines():
        if line.startswith("#"):
            continue
        countries, _, zone = line.split("\t")[:3]
        first, *others = countries.split(",")
        own.setdefault(first, []).append(zone.strip())
        for country in others:
            shared.setdefault(country, []).append(zone.strip())
    return {country: tuple(own.get(country) or shared[country]) for country in own.keys() | shared.keys()}


def _lines() -> list[str]:
    for folder in TZPATH:
        path = Path(folder) / TABLE
        if path.is_file():
            return path.read_text(encoding="utf-8").splitlines()
    try:
        from importlib.resources import files

        return (files("tzdata") / "zoneinfo" / TABLE).read_text(encoding="utf-8").splitlines()
    except (ModuleNotFoundError, FileNotFoundError):
        return []  # no table on this machine: the workspace's zone is used
