"""Data tables as people and machines handle them: pages, the API, import and export."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from builder import data_tables
from builder.flows import create_flow
from builder.models import AuditEntry
from builder.publishing import publish
from builder.validating import problems_of
from integrations.data import tables
from integrations.data.models import DataFile, DataTable, FileLine
from tests.flows import call_ended, chain, end, node

COLUMNS = [
    {"name": "phone", "type": "text", "required": True},
    {"name": "topic", "type": "text", "required": False},
    {"name": "calls", "type": "number", "required": False},
]


@pytest.fixture
def leads(workspace):
    return DataTable.objects.create(workspace=workspace, name="leads", columns=COLUMNS, key_column="phone")


def stored(table):
    return [row.values for row in table.rows.order_by("id")]


def flow_with(workspace, user, table="leads"):
    config = {"operation": "append", "table": table, "values": [{"name": "phone", "value": "1"}]}
    document = chain(call_ended(), node("store", "store_row", config), end())
    return create_flow(workspace, user, name="Leads", kind="post_call", document=document)


# --- The API


def test_a_table_is_made_filled_and_read_over_the_api(api):
    made = api.post("/tables/", {"name": "leads", "columns": COLUMNS, "key_column": "phone"})
    assert made.status_code == 201
    assert api.post("/tables/leads/rows/", {"values": {"phone": "+1", "calls": "2"}}).value["values"]["calls"] == 2
    api.post("/tables/leads/rows/", {"values": {"phone": "+2", "topic": "price"}})
    found = api.get("/tables/leads/rows/?where.phone=%2B2").value["results"]
    assert [row["values"]["topic"] for row in found] == ["price"]
    changed = api.patch(f"/tables/leads/rows/{found[0]['id']}/", {"values": {"calls": 5}}).value
    assert changed["values"] == {"phone": "+2", "topic": "price", "calls": 5}
    assert api.delete(f"/tables/leads/rows/{found[0]['id']}/").status_code == 204
    assert api.get("/tables/leads/").value["row_count"] == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "My leads", "columns": COLUMNS}, "/name"),
        ({"name": "leads", "columns": [{"name": "A b", "type": "text"}]}, "/columns/0/name"),
        ({"name": "leads", "columns": [{"name": "a", "type": "picture"}]}, "/columns/0/type"),
        ({"name": "leads", "columns": [*COLUMNS, COLUMNS[0]]}, "/columns/3/name"),
        ({"name": "leads", "columns": COLUMNS, "key_column": "email"}, "/key_column"),
        ({"name": "leads", "columns": COLUMNS * 20}, "/columns"),
    ],
)
def test_a_table_that_cannot_be_says_where(api, body, pointer):
    answer = api.post("/tables/", body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.value["errors"]]
    assert not DataTable.objects.exists()


def test_a_row_that_does_not_fit_says_why(api, leads):
    answer = api.post("/tables/leads/rows/", {"values": {"phone": "+1", "calls": "many"}})
    assert answer.status_code == 422
    assert "calls takes a number" in answer.value["detail"]


def test_columns_with_rows_keep_their_type_and_a_key_is_there_once(api, leads):
    for phone in ("+1", "+2"):
        tables.append(leads, {"phone": phone, "topic": "same"})
    other = [{**COLUMNS[0], "type": "number"}, *COLUMNS[1:]]
    assert "keeps its type" in api.patch("/tables/leads/", {"columns": other}).value["detail"]
    assert "Two rows have the topic 'same'" in api.patch("/tables/leads/", {"key_column": "topic"}).value["detail"]
    leads.refresh_from_db()
    assert leads.key_column == "phone"
    assert tables.matching(leads, {"phone": "+1"}).exists()


def test_a_table_in_use_is_not_deleted(api, leads, workspace, owner):
    flow = flow_with(workspace, owner.user)
    publish(flow, owner.user)
    refused = api.delete("/tables/leads/")
    assert refused.status_code == 409
    assert "Leads" in refused.value["detail"]
    assert DataTable.objects.exists()


def test_a_flow_that_names_no_table_of_ours_is_not_published(workspace, owner):
    flow = flow_with(workspace, owner.user)
    problem = problems_of(flow, flow.draft.document)[0]
    assert (problem.code, problem.severity) == ("F011", "error")
    assert "There is no table 'leads' here" in problem.message


def test_another_workspace_has_tables_of_its_own(stranger, leads):
    assert stranger.get("/tables/").value["results"] == []
    assert stranger.get("/tables/leads/rows/").status_code == 404


# --- Import and export


def upload(signed_in, text, table="leads"):
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("rows.csv", content, "text/csv")
    return signed_in.post(f"/data/tables/{table}/import/", {"file": file}, follow=True).content.decode()


def test_a_csv_file_is_imported_and_exported_the_same(signed_in, leads):
    said = upload(signed_in, 'phone;topic;calls\r\n+1;=price;2\r\n+2;"a; b";\r\n')
    assert "2 rows added, 0 changed" in said
    assert stored(leads) == [
        {"phone": "+1", "topic": "=price", "calls": 2},
        {"phone": "+2", "topic": "a; b", "calls": None},
    ]
    exported = b"".join(signed_in.get("/data/tables/leads/export/").streaming_content).decode()
    assert exported.splitlines() == ["phone,topic,calls", "+1,'=price,2", "+2,a; b,"]
    assert "0 rows added, 2 changed" in upload(signed_in, exported)
    assert stored(leads)[0]["topic"] == "=price"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phone,calls\n+1,2\n+2,many\n", "Line 3: calls takes a number"),
        ("phone,colour\n+1,red\n", "no column &#x27;colour&#x27;"),
        ("phone\n+1\n+1\n", "is in the file twice"),
        ("topic\nx\n", "Line 2: phone is required"),
        ("", "The submitted file is empty"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing_and_names_the_lines(signed_in, leads, text, words):
    said = upload(signed_in, text)
    assert words in said or "its first line names the columns" in said
    assert stored(leads) == []


def test_a_file_that_is_too_large_is_not_read(signed_in, leads, monkeypatch):
    monkeypatch.setattr(data_tables, "LARGEST_IMPORT", 10)
    assert "larger than" in upload(signed_in, "phone\n+1234567890\n")


def test_a_workspace_has_so_many_tables_and_a_table_so_many_columns(api, leads, monkeypatch):
    many = [{"name": f"c{number}", "type": "text"} for number in range(51)]
    answer = api.post("/tables/", {"name": "wide", "columns": many})
    assert (answer.status_code, answer.value["errors"][0]["pointer"]) == (422, "/columns")
    monkeypatch.setattr(data_tables, "MOST_TABLES", 1)
    answer = api.post("/tables/", {"name": "second", "columns": COLUMNS})
    assert (answer.status_code, answer.value["errors"][0]["pointer"]) == (422, "/name")


# --- Pages


def test_a_table_is_made_changed_and_deleted_on_its_pages(signed_in):
    form = {"name": "leads", "description": "", "key_column": "phone",
            "column_name": ["phone", "topic", ""], "column_type": ["text", "text", "text"],
            "column_required": ["yes", "no", "no"]}  # fmt: skip
    assert "leads is saved" in signed_in.post("/data/new/", form, follow=True).content.decode()
    table = DataTable.objects.get()
    assert [column["name"] for column in table.columns] == ["phone", "topic"]
    signed_in.post("/data/tables/leads/rows/new/", {"value_phone": "+1", "value_topic": "<b>price</b>"})
    shown = signed_in.get("/data/tables/leads/").content.decode()
    assert "&lt;b&gt;price&lt;/b&gt;" in shown
    assert (
        "+1" not in signed_in.get("/data/tables/leads/?column=phone&value=%2B9").content.decode().split('id="rows"')[1]
    )
    row = table.rows.get()
    refused = signed_in.post(f"/data/tables/leads/rows/{row.pk}/", {"value_phone": "", "value_topic": "x"})
    assert refused.status_code == 422
    assert "phone is required" in refused.content.decode()
    signed_in.post(f"/data/tables/leads/rows/{row.pk}/delete/")
    table.refresh_from_db()
    assert table.row_count == 0
    signed_in.post("/data/tables/leads/delete/")
    assert not DataTable.objects.exists()
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"table.created", "table.deleted"}


def test_a_file_of_a_flow_is_downloaded_and_deleted(signed_in, workspace):
    file = DataFile.objects.create(workspace=workspace, name="calls.csv", format="csv", names=["call"], line_count=1)
    FileLine.objects.create(file=file, values={"call": "@1"})
    assert "calls.csv" in signed_in.get("/data/").content.decode()
    answer = signed_in.get(f"/data/files/{file.pk}/")
    assert 'filename="calls.csv"' in answer["Content-Disposition"]
    assert io.BytesIO(b"".join(answer.streaming_content)).read() == b"call\r\n'@1\r\n"
    signed_in.post(f"/data/files/{file.pk}/delete/")
    assert not DataFile.objects.exists()
