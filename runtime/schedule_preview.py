"""When a schedule runs next, for people: times of its own zone, and what the change of clocks does to them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim

from runtime.schedules import DAYS, moments, next_moment, times_of, zone_of

MOST = 50
NEAR = timedelta(hours=26)  # a change further back than this moves nothing: zones skip a day at most


def upcoming(config: Mapping[str, Any], after: datetime, count: int = 5) -> list[dict[str, Any]]:
    """[{"at": UTC, "local": "2026-03-29T03:30", "zone": "CEST", "note": words or ""}]. Raises BadSchedule."""
    zone = zone_of(config)
    return [_shown(config, moment, zone) for moment in islice(moments(config, after), min(count, MOST))]


def _shown(config: Mapping[str, Any], moment: datetime, zone: ZoneInfo) -> dict[str, Any]:
    local = moment.astimezone(zone)
    return {
        "at": moment.isoformat().replace("+00:00", "Z"), "local": f"{local:%Y-%m-%dT%H:%M}", "zone": local.tzname(),
        "note": "" if config.get("mode") == "every" else _note(config, moment, local, zone),
    }  # fmt: skip


def _note(config: Mapping[str, Any], moment: datetime, local: datetime, zone: ZoneInfo) -> str:
    wall, day = local.replace(tzinfo=None, fold=0), f"{local.day} {local:%B}"
    if local.utcoffset() != (moment - NEAR).astimezone(zone).utcoffset():
        wanted = list(_walls(config, wall))
        if wall not in wanted and (skipped := next((each for each in wanted[::-1] if not _exists(each, zone)), None)):
            if skipped.date() != wall.date():
                return f"{skipped.day} {skipped:%B} does not exist in this zone: it starts at {wall:%H:%M} on {day}."
            return f"{skipped:%H:%M} does not exist on {day}, the clocks go forward: it starts at {wall:%H:%M}."
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset() or not _exists(wall, zone):
        return ""
    twin = second.astimezone(UTC)
    if moment == twin:
        return f"{wall:%H:%M} comes twice on {day}, the clocks go back: this is the second time."
    both = next_moment(config, twin - timedelta(seconds=1)) == twin
    times = "both times" if both else "the first time only"
    return f"{wall:%H:%M} comes twice on {day}, the clocks go back: it starts {times}."


def _exists(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks there ever show this time."""
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == wall


def _walls(config: Mapping[str, Any], until: datetime) -> Iterator[datetime]:
    """The times that the schedule names, as if clocks never changed, in the day before `until` and up to it."""
    start = until - NEAR
    if config.get("mode") == "cron":
        for moment in CronSim(str(config.get("cron")), start.replace(tzinfo=UTC)):
            if moment.replace(tzinfo=None) > until:
                return
            yield moment.replace(tzinfo=None)
        return
    days = config.get("days") or DAYS
    for date in (start.date() + timedelta(days=ahead) for ahead in range(3)):
        found = sorted(datetime.combine(date, at) for at in times_of(config)) if DAYS[date.weekday()] in days else ()
        yield from (wall for wall in found if start < wall <= until)
