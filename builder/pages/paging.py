"""Paging through rows whose ids grow with time: a page is named by the id it starts beside, so that rows which arrive
meanwhile neither repeat nor hide others."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Page:
    """Rows, newest first, and the ids to ask for the pages beside it ("" = there is none)."""

    rows: list
    older: str
    newer: str


def page_of(rows, params, size=50) -> Page:
    """`params`: `before=<id>` shows what is older than that row, `after=<id>` what is newer."""
    before, after = _id(params.get("before")), _id(params.get("after"))
    if after:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        more = len(found) > size
        found = found[:size][::-1]
        return Page(found, str(found[-1].pk) if found else "", str(found[0].pk) if more else "")
    found = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, str(found[-1].pk) if more else "", str(found[0].pk) if before and found else "")


def _id(text):
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
