"""Tables and files of a workspace: what steps keep there, once each, and find again."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from integrations.data import files, tables
from integrations.data.models import DataFile, DataTable
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept, start_test_run
from runtime.models import Run, StepRun, Workspace
from tests.flows import call_ended, chain, end, node

pytestmark = pytest.mark.django_db(transaction=True)
COLUMNS = [
    {"name": "phone", "type": "text", "required": True}, {"name": "topic", "type": "text"},
    {"name": "calls", "type": "number"}, {"name": "booked", "type": "boolean"}, {"name": "at", "type": "datetime"},
]  # fmt: skip


@pytest.fixture
def leads(workspace):
    return DataTable.objects.create(workspace=workspace, name="leads", columns=COLUMNS, key_column="phone")


@pytest.fixture
def call(workspace, publish, work):
    """call(*nodes, **interaction) -> the run of a call through these nodes."""

    def once(*nodes, **interaction):
        if nodes:
            publish(workspace, chain(call_ended(), *nodes, end()))
        given = {"id": "call_1", "status": "completed", "contact_number": "+14155550100", **interaction}
        recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": given})).result(10)
        work()
        return Run.objects.order_by("-id").first()

    return once


def store(operation="append", **config):
    rows = {name: _rows(config.pop(name, {})) for name in ("match", "values")}
    return node("store", "store_row", {"operation": operation, "table": "leads", **rows, **config})


def _rows(values):
    return [{"name": name, "value": value} for name, value in values.items()]


def output(run):
    return StepRun.objects.get(run=run, node="store").output


def error(run):
    return StepRun.objects.filter(run=run, node="store").latest("id").error


NUMBER = "{{interaction.contact_number}}"


def test_a_row_is_appended_in_the_types_of_its_columns(leads, call):
    values = {"phone": NUMBER, "calls": "3", "booked": "yes", "at": "2026-03-01T10:00:00+02:00", "topic": ""}
    run = call(store(values=values))
    row = leads.rows.get()
    assert row.values == {
        "phone": "+14155550100",
        "calls": 3,
        "booked": True,
        "at": "2026-03-01T08:00:00Z",
        "topic": None,
    }
    assert output(run)["row"] == {"id": row.pk, **row.values}
    assert output(run)["added"] is True
    leads.refresh_from_db()
    assert leads.row_count == 1


def test_a_step_that_is_repeated_finds_its_row(leads):
    change = tables.Change(leads.workspace_id, "leads", "append", {"phone": "1"}, written_as="run:3")
    first, again = (recorder().submit(tables.change_rows, change).result(10) for _ in range(2))
    assert first.rows == again.rows
    assert leads.rows.count() == 1


def test_an_update_changes_what_matches_and_adds_what_is_not_there(leads, call):
    flow = store("update", match={"phone": NUMBER}, values={"topic": "{{interaction.disposition}}"})
    call(flow, disposition="price")
    call(id="call_2", disposition="delivery")
    row = leads.rows.get()
    assert row.values["topic"] == "delivery"
    assert row.values["phone"] == "+14155550100"


def test_without_adding_an_update_of_nothing_says_so(leads, call):
    run = call(store("update", match={"phone": NUMBER}, values={"topic": "x"}, add_missing=False))
    assert output(run) == {"found": False, "row": None, "rows": [], "count": 0, "added": False}


def test_rows_are_looked_up_by_key_and_by_any_column(leads, call):
    for number in range(3):
        tables.append(leads, {"phone": f"+1415555010{number}", "topic": "price", "calls": number})
    run = call(store("look_up", match={"phone": NUMBER}))
    assert output(run)["row"]["calls"] == 0
    found = tables.find_rows([tables.Finding(leads.workspace_id, "leads", {"topic": "price"}, limit=2)])[0]
    assert [row["calls"] for row in found.rows] == [2, 1]
    assert not tables.find_rows([tables.Finding(leads.workspace_id, "leads", {"calls": "7"})])[0].rows


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ({"values": {"phone": "1", "colour": "red"}}, "bad_value", "no column 'colour'"),
        ({"values": {"phone": "1", "calls": "many"}}, "bad_value", "calls takes a number, not 'many'"),
        ({"values": {"topic": "x"}}, "bad_value", "phone is required"),
        ({"values": {"phone": "taken"}}, "key_taken", "already"),
        ({"values": {"phone": "1"}, "table": "leaders"}, "no_table", "There is no table 'leaders'"),
        ({"operation": "look_up", "match": {"phone": "{{vars.nothing}}"}}, "bad_value", "is empty"),
        ({"operation": "look_up", "match": {"nothing": "1"}}, "bad_value", "no column 'nothing'"),
        ({"values": {"phone": "1", "topic": "x" * 70_000}}, "bad_value", "larger than 64 KiB"),
    ],
)
def test_what_does_not_fit_is_told_in_words_and_changes_nothing(leads, call, config, code, words):
    tables.append(leads, {"phone": "taken"})
    run = call(store(**config))
    assert run.status == "failed"
    assert error(run)["code"] == code
    assert words in error(run)["message"]
    assert leads.rows.count() == 1


def test_a_full_table_says_so(leads, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 1)
    change = [tables.Change(leads.workspace_id, "leads", "append", {"phone": str(n)}) for n in range(2)]
    first, second = tables.change_rows(change)
    assert first.rows
    assert second.code == "table_full"


def test_a_change_of_more_rows_than_are_changed_at_once_changes_none(leads, monkeypatch):
    monkeypatch.setattr(tables, "MOST_CHANGED", 2)
    for number in range(3):
        tables.append(leads, {"phone": str(number), "topic": "price"})
    change = tables.Change(leads.workspace_id, "leads", "update", {"calls": 1}, {"topic": "price"}, every=True)
    refused = recorder().submit(tables.change_rows, change).result(20)
    assert refused.code == "too_many_rows"
    assert {row.values.get("calls") for row in leads.rows.all()} == {None}


def test_a_look_up_gives_no_more_rows_than_one_may(leads, monkeypatch):
    monkeypatch.setattr(tables, "MOST_FOUND", 2)
    for number in range(3):
        tables.append(leads, {"phone": str(number), "topic": "price"})
    (found,) = tables.find_rows([tables.Finding(leads.workspace_id, "leads", {"topic": "price"}, limit=50)])
    assert len(found.rows) == 2


def test_many_at_once_make_one_row_of_one_key(leads):
    def upsert(number):
        change = tables.Change(leads.workspace_id, "leads", "update", {"topic": f"t{number}"}, {"phone": "+1"}, True,
                               written_as=f"run{number}:1")  # fmt: skip
        return recorder().submit(tables.change_rows, change).result(20)

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(upsert, range(64)))
    assert leads.rows.count() == 1
    assert sum(result.added for result in results) == 1


def test_another_workspace_s_table_is_not_there(leads):
    other = Workspace.objects.create(name="Other")
    found = tables.find_rows([tables.Finding(other.pk, "leads", {"phone": "1"})])[0]
    assert found.code == "no_table"


def test_a_dry_run_writes_nothing_and_shows_the_row(leads, workspace, publish, work):
    flow = publish(workspace, chain(call_ended(), store(values={"phone": "1"}), end()))
    with transaction.atomic():
        run = start_test_run(workspace, flow, flow.published, {"type": "call.ended"}, "dry", None)
    work()
    step = StepRun.objects.get(run=run, node="store")
    assert step.output["row"] == {"phone": "1"}
    assert step.warnings[0]["code"] == "dry_run"
    assert not leads.rows.exists()


def add(*lines):
    with transaction.atomic():
        return files.add_lines(lines)


def test_lines_go_into_a_file_once_each_and_formulas_stay_text(workspace, call):
    values = _rows({"call": "{{interaction.id}}", "said": "{{interaction.summary}}"})
    line = node("store", "append_file", {"file": "calls.csv", "format": "csv", "values": values})
    call(line, summary='=HYPERLINK("http://x")')
    call(id="call_2", summary="-5")
    file = DataFile.objects.get()
    lines = "".join(files.content(file)).splitlines()
    assert lines == ["call,said", 'call_1,"\'=HYPERLINK(""http://x"")"', "call_2,-5"]
    again = files.Line(workspace.pk, "calls.csv", "csv", {"call": "call_3"}, "run:9")
    assert add(again, again) == [3, 3]
    assert file.lines.count() == 3


def test_a_file_keeps_its_format(workspace):
    first = files.Line(workspace.pk, "log", "json_lines", {"a": 1}, "1")
    assert add(first) == [1]
    (refused,) = add(files.Line(workspace.pk, "log", "csv", {"a": 2}, "2"))
    assert refused.code == "format"
    assert "".join(files.content(DataFile.objects.get())) == '{"a":1}\n'


def test_files_lines_and_a_line_have_their_limits(workspace, monkeypatch):
    monkeypatch.setattr(files, "MOST_FILES", 1)
    monkeypatch.setattr(files, "MOST_LINES", 1)

    def line(number, file="log", said=""):
        return files.Line(workspace.pk, file, "json_lines", {"said": said}, str(number))

    added, full, no_file = add(line(1), line(2), line(3, file="another"))
    assert (added, full.code, no_file.code) == (1, "file_full", "too_many_files")
    monkeypatch.setattr(files, "MOST_LINES", 2)
    (too_large,) = add(line(4, said="x" * 70_000))
    assert too_large.code == "too_large"
