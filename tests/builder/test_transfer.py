"""Export and import: no secrets, no ids of this instance, connections by name and asked for where unknown."""

import json

import pytest
from django.core.management import CommandError, call_command

from builder.flows import create_flow
from integrations.models import Connection
from runtime.models import Flow, Workspace
from tests.flows import call_ended, chain, end, node, post_json


@pytest.fixture
def desk(api):
    body = {"name": "Desk", "type": "bearer", "secrets": {"token": "very-secret-token"},
            "allowed_hosts": ["desk.example.com"]}  # fmt: skip
    return api.post("/connections/", body).value


@pytest.fixture
def filing(workspace, owner, desk):
    """A flow that uses the connection."""
    step = post_json("ticket", "https://desk.example.com/tickets", connection=desk["id"])
    document = chain(call_ended(), step, end())
    return create_flow(workspace, owner.user, name="File", kind="post_call", document=document)


def test_an_export_has_no_secret_and_no_id_of_a_connection(api, filing, desk):
    answer = api.get(f"/flows/{filing.pk}/export/")
    assert b"very-secret-token" not in answer.content
    assert desk["id"].encode() not in answer.content
    assert answer.value["connections"] == [
        {"name": "Desk", "type": "bearer", "allowed_hosts": ["desk.example.com"], "used_by": ["ticket"]}
    ]


def test_secrets_that_somebody_wrote_down_do_not_travel(api, workspace, owner):
    step = post_json("ticket", "https://example.com", headers=[{"name": "X-Api-Key", "value": "written-down-123"}])
    made = create_flow(
        workspace, owner.user, name="Careless", kind="post_call", document=chain(call_ended(), step, end())
    )
    answer = api.get(f"/flows/{made.pk}/export/")
    assert b"written-down-123" not in answer.content
    node = next(each for each in answer.value["flows"][0]["document"]["nodes"] if each["id"] == "ticket")
    assert node["config"]["headers"] == [{"name": "X-Api-Key", "value": ""}]


def test_an_import_takes_a_connection_of_the_same_name_and_type(api, filing, desk):
    export = api.get(f"/flows/{filing.pk}/export/").value
    made = api.post("/flows/import/", {"export": export})
    assert made.status_code == 201
    copy = made.value["flows"][0]
    assert (copy["published"], copy["enabled"]) == (None, False)
    again, first = (api.get(f"/flows/{id}/draft/").value["document"] for id in (copy["id"], filing.pk))
    assert again == first


def test_elsewhere_the_import_asks_only_for_the_mapping(api, stranger, filing):
    export = api.get(f"/flows/{filing.pk}/export/").value
    asked = stranger.post("/flows/import/", {"export": export})
    assert asked.status_code == 422
    assert [(e["pointer"], e["code"]) for e in asked.value["errors"]] == [("/connections/Desk", "unmapped")]
    theirs = stranger.post("/connections/", {"name": "Helpdesk", "type": "bearer", "secrets": {"token": "abcdefgh"},
                                             "allowed_hosts": ["desk.example.com"]}).value  # fmt: skip
    made = stranger.post("/flows/import/", {"export": export, "connections": {"Desk": theirs["id"]}})
    document = stranger.get(f"/flows/{made.value['flows'][0]['id']}/draft/").value["document"]
    assert theirs["id"] in json.dumps(document)
    left_open = stranger.post("/flows/import/", {"export": export, "connections": {"Desk": None}})
    assert left_open.status_code == 201


def test_a_mapping_to_a_foreign_connection_is_refused(api, stranger, filing, desk):
    export = api.get(f"/flows/{filing.pk}/export/").value
    answer = stranger.post("/flows/import/", {"export": export, "connections": {"Desk": desk["id"]}})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "export",
    [{}, {"segue": "nodes", "flows": []}, {"segue": "flows", "flows": [{"name": "", "kind": "x", "document": 1}]},
     {"segue": "flows", "flows": [1]}, {"segue": "flows", "flows": "x"}],
)  # fmt: skip
def test_what_is_no_export_is_refused_and_makes_nothing(api, export):
    assert api.post("/flows/import/", {"export": export}).status_code == 422
    assert not Flow.objects.exists()


def test_an_export_can_be_posted_as_it_is(api, flow):
    export = api.get(f"/flows/{flow.pk}/export/").value
    assert api.post("/flows/import/", export).status_code == 201


def test_files_written_by_the_command_come_back_by_the_command(flow, tmp_path, capsys):
    call_command("flows", "export", "--to", str(tmp_path))
    file = tmp_path / "follow-up.json"
    assert json.loads(file.read_text())["flows"][0]["name"] == "Follow up"
    flow.draft.document = {**flow.draft.document, "nodes": []}
    flow.draft.save()
    call_command("flows", "import", str(file), "--replace")
    flow.draft.refresh_from_db()
    assert len(flow.draft.document["nodes"]) == 3
    assert Flow.objects.count() == 1


def test_the_commands_exit_tells_ci_what_is_wrong(flow, workspace, owner):
    call_command("flows", "validate")
    create_flow(workspace, owner.user, name="Broken", kind="post_call")
    with pytest.raises(CommandError, match="1 of 2 flows cannot be published: Broken"):
        call_command("flows", "validate")
    with pytest.raises(CommandError, match="no flow 'Nope'"):
        call_command("flows", "publish", "Nope")


def test_publishing_and_comparing_by_command(flow, tmp_path, capsys):
    call_command("flows", "publish", "Follow up", "--note", "from CI")
    flow.refresh_from_db()
    assert flow.published.note == "from CI"
    call_command("flows", "diff", "Follow up")
    call_command("flows", "export", "--to", str(tmp_path))
    flow.draft.document["nodes"][0]["label"] = "Over"
    flow.draft.save()
    with pytest.raises(CommandError):
        call_command("flows", "diff", "Follow up", str(tmp_path / "follow-up.json"))
    assert "Renamed end to Over." in capsys.readouterr().out


def test_no_connection_is_made_by_an_import(api, flow):
    api.post("/flows/import/", api.get(f"/flows/{flow.pk}/export/").value)
    assert not Connection.objects.exists()


def test_by_command_elsewhere_only_the_mapping_is_asked_for(filing, desk, tmp_path, make_person, capsys):
    call_command("flows", "export", "--to", str(tmp_path))
    elsewhere = Workspace.objects.create(name="Elsewhere")
    there = Connection(workspace=elsewhere, name="Helpdesk", type="bearer", allowed_hosts=["desk.example.com"])
    there.set_secrets({"token": "another-token"})
    there.save()
    load = ("flows", "--workspace", "Elsewhere", "import", str(tmp_path / "file.json"))
    with pytest.raises(CommandError, match="Desk"):
        call_command(*load)
    assert not Flow.objects.filter(workspace=elsewhere).exists()
    call_command(*load, "--connection", f"Desk={there.pk}")
    made = Flow.objects.get(workspace=elsewhere)
    assert str(there.pk) in json.dumps(made.draft.document)
    assert desk["id"] not in json.dumps(made.draft.document)


@pytest.fixture
def parent(workspace, owner, desk):
    """A flow that runs another, which uses the connection and runs itself again."""
    step = post_json("ticket", "https://desk.example.com/tickets", connection=desk["id"])
    child = create_flow(workspace, owner.user, name="One lead", kind="automation",
                        document=chain(node("start", "called", {"inputs": []}), step, end()))  # fmt: skip
    runs = node("each", "run_flow", {"flow": str(child.pk), "mode": "once"})
    return create_flow(workspace, owner.user, name="Many leads", kind="automation",
                       document=chain(node("start", "event", {"types": ["lead.came"]}), runs, end()))  # fmt: skip


def run_by(flow):
    """The flow that another one runs, as it stands in its draft."""
    (step,) = [each for each in flow.draft.document["nodes"] if each["type"] == "run_flow"]
    return step["config"]["flow"]


def test_a_flow_travels_with_those_it_runs(api, stranger, parent):
    export = api.get(f"/flows/{parent.pk}/export/").value
    assert [(each["name"], each.get("beside", False)) for each in export["flows"]] == [
        ("Many leads", False), ("One lead", True)]  # fmt: skip
    assert run_by(parent) not in json.dumps(export)
    made = stranger.post("/flows/import/", {"export": export, "connections": {"Desk": None}}).value["flows"]
    main, child = (Flow.objects.get(pk=each["id"]) for each in made)
    assert (main.name, child.name, run_by(main)) == ("Many leads", "One lead", str(child.pk))
    again = stranger.post("/flows/import/", {"export": export, "connections": {"Desk": None}}).value["flows"]
    assert [each["name"] for each in again] == ["Many leads"]  # the one that it runs is here already
    assert run_by(Flow.objects.get(pk=again[0]["id"])) == str(child.pk)


def test_files_of_flows_that_run_others_come_back_by_the_command(parent, tmp_path):
    before = run_by(parent)
    call_command("flows", "export", "--to", str(tmp_path), "Many leads")
    call_command("flows", "diff", "Many leads", str(tmp_path / "many-leads.json"))
    call_command("flows", "import", str(tmp_path / "many-leads.json"), "--replace")
    parent.draft.refresh_from_db()
    assert (run_by(parent), Flow.objects.count()) == (before, 2)
