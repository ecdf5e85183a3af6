"""Google Sheets: rows appended, changed, looked up (developers.google.com/workspace/sheets/api/reference/rest/v4,
`spreadsheets.values`: append, update, get; "Usage limits").

Values go in RAW unless the step says otherwise: with USER_ENTERED a text that begins with = or + is evaluated, and a
phone number becomes a sum. Appending cannot be recognised when repeated. A 429 has no Retry-After: try again later.
"""

from types import SimpleNamespace
from typing import Any

from integrations.exchange import Request, path_of
from integrations.google_errors import GoogleNode
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, List, Number, TextField
from runtime.engine.values import to_text

BASE = "https://sheets.googleapis.com"
MOST_ROWS = 10_000  # looked through by one look-up
LONGEST_CELL = 50_000  # characters, the most that a cell holds
_INPUT = Choice("Values are", options=[("RAW", "Taken as they are"), ("USER_ENTERED", "As if typed in (formulas!)")],
                default="RAW", section="More", advanced=True)  # fmt: skip


class SheetsNode(GoogleNode):
    app = {"id": "google_sheets", "label": "Google Sheets", "icon": "google_sheets"}
    keywords = ("spreadsheet", "table", "row", "log", "excel")
    spreadsheet = TextField("Spreadsheet", required=True, max_length=200, help="Its id, or its whole address.")
    sheet = TextField("Sheet", required=True, default="Sheet1", max_length=100, help="The name on its tab.")

    def path(self, given: SimpleNamespace, place: str, action: str = "") -> str:
        spreadsheet = given.spreadsheet.partition("/d/")[2].split("/")[0] or given.spreadsheet
        name = given.sheet.replace("'", "''")
        return path_of("/v4/spreadsheets/{}/values/{}", spreadsheet, f"'{name}'!{place}") + action


class AppendRow(SheetsNode):
    """Adds a row below the table. Values are taken as they are, so nothing in a transcript becomes a formula.

    Google cannot tell a repeated row from a new one, so it is not sent again where it may have arrived.
    """

    type, label, order = "google_sheets_append_row", "Append row", 1
    effect = "once"
    values = List("Values", required=True, max_items=200, item=TextField("Value"), help="From the first column on.")
    value_input = _INPUT
    outputs = (
        {"name": "range", "label": "Google Sheets row", "type": "text", "sample": "Log!A2:E2"},
        {"name": "row", "label": "Row number", "type": "number", "sample": 2},
    )
    references, summary = ("range",), ({"field": "sheet"},)
    filled = {
        "spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps", "sheet": "Log",
        "values": ["{{interaction.id}}", "{{interaction.contact_number}}", "{{interaction.summary}}"],
    }  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        query = {"valueInputOption": given.value_input, "insertDataOption": "INSERT_ROWS"}
        return Request(
            "POST", self.path(given, "A1", ":append"), query=query, json={"values": [cells(step)]}, base=BASE
        )

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        place = body["updates"]["updatedRange"]
        return {"range": place, "row": row_of(place)}


class UpdateRow(SheetsNode):
    """Writes values into a row whose number an earlier step found."""

    type, label, order = "google_sheets_update_row", "Update row", 2
    row = Number("Row number", required=True, template=True, min=1, max=10_000_000)
    column = TextField("First column", required=True, default="A", pattern=r"[A-Za-z]{1,3}", max_length=20)
    values = List("Values", required=True, max_items=200, item=TextField("Value"))
    value_input = _INPUT
    outputs = (
        {"name": "range", "label": "Google Sheets row", "type": "text", "sample": "Log!A2:E2"},
        {"name": "cells", "label": "Changed cells", "type": "number", "sample": 3},
    )
    references, summary = ("range",), ({"field": "sheet"}, " row ", {"field": "row"})
    filled = {"spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps", "sheet": "Log", "row": 2, "column": "C",
              "values": ["{{interaction.summary}}"]}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        place = f"{given.column.upper()}{given.row}"
        return Request("PUT", self.path(given, place), query={"valueInputOption": given.value_input},
                       json={"values": [cells(step)]}, base=BASE)  # fmt: skip

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"range": body["updatedRange"], "cells": body.get("updatedCells", 0)}


class LookUpRow(SheetsNode):
    """Finds the first row whose column holds a value; upper and lower case count as the same. The sheet's first row
    names the columns. Nothing found is no failure: `found` says it.
    """

    type, label, order = "google_sheets_look_up", "Look up row", 3
    effect = "repeatable"
    largest_answer = 5 * 1024 * 1024
    column = TextField("Column", required=True, max_length=200, help="Its name in the first row.")
    value = TextField("Value", required=True, max_length=1000)
    outputs = (
        {"name": "found", "label": "Found", "type": "boolean", "sample": True},
        {"name": "row", "label": "Row number", "type": "number", "sample": 2},
        {"name": "values", "label": "Row", "type": "object", "sample": {"Phone": "+14155550132", "Plan": "gold"}},
    )
    summary = ({"field": "column"}, " = ", {"field": "value"})
    filled = {"spreadsheet": "1qpyC0XzvTcKT6EISywvqESX3A0MwQoFDE8p-Bll4hps", "sheet": "Customers", "column": "Phone",
              "value": "{{interaction.contact_number}}"}  # fmt: skip

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        return Request("GET", self.path(given, f"A1:ZZ{MOST_ROWS}"), base=BASE)

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        names, *rows = body.get("values") or [[]] if body["range"] else [[]]  # an empty sheet has no values
        titles = [str(name).strip() for name in names]
        if given.column not in titles:
            known = ", ".join(titles)[:300] or "none"
            raise StepError(f"Google Sheets: there is no column {given.column!r}. There are: {known}.", "no_column")
        at, wanted = titles.index(given.column), given.value.casefold()
        for number, row in enumerate(rows, start=2):
            if at < len(row) and str(row[at]).strip().casefold() == wanted:
                values = {title: row[n] if n < len(row) else "" for n, title in enumerate(titles) if title}
                return {"found": True, "row": number, "values": values}
        return {"found": False, "row": None, "values": {}}


def cells(step: Any) -> list[Any]:
    """The step's values as cells: a number or a truth value stays one, so that a sheet can count; all else is text."""
    values = (step.value(written) for written in step.config["values"])
    return [value if isinstance(value, bool | int | float) else to_text(value).strip()[:LONGEST_CELL]
            for value in values]  # fmt: skip


def row_of(place: str) -> int | None:
    """`Log!A2:E2` -> 2."""
    digits = "".join(char for char in place.rpartition("!")[2].split(":")[0] if char.isdigit())
    return int(digits) if digits else None
