"""The node types `store_row` and `append_file`: keep something here, or look up what is kept."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.data import files, tables
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, KeyValues, Number, TableRef, TextField, Toggle
from runtime.engine.node_type import NEXT, NodeType
from runtime.engine.outcomes import Done, Outcome
from runtime.group_commit import loader, recorder

ALL_KINDS = ("post_call", "action", "inbound", "conversation", "automation")
DATA = {"id": "data", "label": "Data", "icon": "table"}
UPDATE = {"field": "operation", "in": ["update"]}
FINDING = {"field": "operation", "in": ["update", "look_up"]}
WRITING = {"field": "operation", "in": ["append", "update"]}


class StoreRow(NodeType):
    """Keeps a row in a table of this workspace, changes rows, or looks them up. Tables are made under **Data**.

    A row that a step added is added once, also when the step is repeated after a crash. Where the table has a key
    column, no two rows share its value: **Update**, with *Add it if there is none*, is then safe from any number of
    calls at once.
    """

    type, label, icon, order = "store_row", "Table row", "table", 20
    app, group, kinds = DATA, "data", ALL_KINDS
    keywords = ("table", "store", "save", "row", "lookup", "find", "database", "sheet", "list", "upsert")
    effect = "keyed"

    operation = Choice("Do", required=True, default="append", options=[
        ("append", "Append a row"), ("update", "Update rows"), ("look_up", "Look up rows")])  # fmt: skip
    table = TableRef("Table", required=True)
    match = KeyValues("Where", default=[], max_items=10, visible_if=FINDING,
                      help="Columns and the values they must have, all of them.")  # fmt: skip
    values = KeyValues("Values", default=[], max_items=50, visible_if=WRITING, help="Columns and what they become.")
    add_missing = Toggle("Add it if there is none", default=True, visible_if=UPDATE)
    every = Toggle("Change every row that matches", default=False, visible_if=UPDATE, advanced=True,
                   help="Else the newest one.")  # fmt: skip
    newest = Toggle("Newest first", default=True, visible_if={"field": "operation", "in": ["look_up"]}, advanced=True)
    limit = Number("At most", default=1, min=1, max=tables.MOST_FOUND, advanced=True,
                   visible_if={"field": "operation", "in": ["look_up"]}, help="Rows.")  # fmt: skip

    ports = NEXT
    outputs = (
        {"name": "found", "label": "Found", "type": "boolean", "sample": True, "scope": "steps"},
        {"name": "row", "label": "Row", "type": "object", "sample": {"id": 1}, "scope": "steps"},
        {"name": "rows", "label": "Rows", "type": "list", "sample": [{"id": 1}], "scope": "steps"},
        {"name": "count", "label": "How many", "type": "number", "sample": 1, "scope": "steps"},
        {"name": "added", "label": "Added", "type": "boolean", "sample": True, "scope": "steps"},
    )
    summary = ({"field": "operation", "as": "label"}, " ", {"field": "table"})
    example = {
        "type": "store_row", "key": "lead", "label": "Keep the lead",
        "config": {
            "operation": "update", "table": "leads", "match": [{"name": "phone", "value": "{{contact.phone}}"}],
            "values": [{"name": "topic", "value": "{{vars.topic}}"}, {"name": "calls", "value": "1"}],
            "add_missing": True, "every": False, "newest": True, "limit": 1,
        },
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        config = self.config_of(node.config)
        if config["operation"] != "append" and not config["match"]:
            yield "F006", "/config/match", "Name at least one column and the value it must have."
        if config["operation"] != "look_up" and not config["values"]:
            yield "F006", "/config/values", "Name at least one column and its value."

    def run(self, step: Any) -> Outcome:
        config = step.config
        match, values = rendered(step, config["match"]), rendered(step, config["values"])
        operation = config["operation"] or "append"
        asked = {"do": operation, "table": config["table"], "where": match, "values": values}
        step.record_request({name: value for name, value in asked.items() if value})
        if operation == "look_up":
            asked_for = tables.Finding(step.workspace_id, config["table"], match, bool(config["newest"]),
                                       int(config["limit"] or 1))  # fmt: skip
            return _done(_answer(loader().submit(tables.find_rows, asked_for), step))
        if step.mode == "dry":
            step.warn("dry_run", "Dry run: nothing was written; the row is what it would be.")
            return _done(tables.Rows([{**match, **values}]))
        change = tables.Change(
            step.workspace_id, config["table"], operation, values, match, bool(config["add_missing"]),
            bool(config["every"]), written_as=step.idempotency_key,
        )  # fmt: skip
        return _done(_answer(recorder().submit(tables.change_rows, change), step))


class AppendFile(NodeType):
    """Adds a line to a file of this workspace, CSV or JSON lines; download it under **Data**.

    A line is added once, also when the step is repeated after a crash. In CSV, cells that a spreadsheet would take
    for a formula are written so that it does not.
    """

    type, label, icon, order = "append_file", "Append to a file", "file", 21
    app, group, kinds = DATA, "data", ALL_KINDS
    keywords = ("file", "csv", "log", "export", "json", "append", "line")
    effect = "keyed"

    file = TextField("File", required=True, template=False, pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}",
                     help="A name such as calls.csv; it is made with the first line.")  # fmt: skip
    format = Choice("Format", required=True, default="csv", options=[("csv", "CSV"), ("json_lines", "JSON lines")])
    values = KeyValues("Line", required=True, max_items=100, help="Columns and values, in this order.")

    ports = NEXT
    outputs = ({"name": "line", "label": "Line", "type": "number", "sample": 1, "scope": "steps"},)
    summary = ({"field": "file"},)
    example = {
        "type": "append_file", "key": "log", "label": "Log the call",
        "config": {
            "file": "calls.csv", "format": "csv",
            "values": [{"name": "call", "value": "{{interaction.id}}"},
                       {"name": "summary", "value": "{{interaction.summary}}"}],
        },
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        config = step.config
        values = rendered(step, config["values"])
        step.record_request({"file": config["file"], "line": values})
        if step.mode == "dry":
            step.warn("dry_run", "Dry run: nothing was written.")
            return Done(output={"line": None}, port="next")
        line = files.Line(step.workspace_id, config["file"], config["format"] or "csv", values, step.idempotency_key)
        number = _answer(recorder().submit(files.add_lines, line), step)
        return Done(output={"line": number}, port="next")


def rendered(step: Any, rows: Any) -> dict[str, Any]:
    """Rows of a name and a value as a mapping; a lone placeholder keeps its type."""
    return {row["name"]: step.value(row.get("value") or "") for row in rows or [] if isinstance(row, Mapping)}


def _answer(future: Any, step: Any) -> Any:
    try:
        found = future.result(step.timeout)
    except TimeoutError:
        raise StepError("The database did not answer in time.", "timeout", retryable=True) from None
    if isinstance(found, tables.TableError):
        raise StepError(found.message, found.code)
    return found


def _done(found: tables.Rows) -> Done:
    row = found.rows[0] if found.rows else None
    return Done(port="next", output={"found": row is not None, "row": row, "rows": found.rows,
                                     "count": len(found.rows), "added": found.added})  # fmt: skip
