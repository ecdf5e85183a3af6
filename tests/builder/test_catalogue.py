"""/node-types/: the catalogue has the shape the editor is built on, for every registered type."""

import pytest

from builder.catalogue import catalogue as told
from runtime.engine.registry import all_types
from tests.flows import action_called, chain, end, respond

MEMBERS = {"type", "version", "label", "app", "group", "icon", "help", "keywords", "trigger", "kinds", "effect",
           "summary", "fields", "ports", "outputs", "example"}  # fmt: skip
FIELD = {"name", "kind", "label", "help", "required", "default", "template", "secure", "section", "advanced", "options",
         "options_from", "limits", "visible_if", "fields", "item"}  # fmt: skip
KINDS = {
    "text", "long_text", "number", "toggle", "choice", "multi_choice", "duration", "date_time", "time", "time_zone",
    "cron", "key_values", "conditions", "mapping", "variable_name", "json_body", "json_value", "schema", "code", "list",
    "object", "connection_ref", "flow_ref", "agent_refs", "table_ref",
}  # fmt: skip
NEEDED = {"call_ended", "action_called", "webhook", "set_variable", "decision", "wait", "api_request", "respond", "end"}


@pytest.fixture
def catalogue(api):
    return api.get("/node-types/").value


def test_every_type_a_flow_is_drawn_with_is_there(catalogue):
    assert {item["type"] for item in catalogue} >= NEEDED


def test_each_type_has_every_member(catalogue):
    for item in catalogue:
        assert set(item) >= MEMBERS, item["type"]
        assert {"id", "label", "order", "color"} <= set(item["group"])
        assert {"id", "label", "icon"} <= set(item["app"])


def test_each_field_has_every_member_at_every_depth(catalogue):
    fields = [field for item in catalogue for field in item["fields"]]
    assert fields
    while fields:
        field = fields.pop()
        assert set(field) >= FIELD, field["name"]
        assert field["kind"] in KINDS
        assert set(field["limits"]) == {"min", "max", "max_length", "max_items", "pattern"}
        fields += field["fields"] or []
        fields += [field["item"]] if field["item"] else []


def test_only_types_of_the_asked_kind(api):
    found = api.get("/node-types/?kind=post_call").value
    assert all("post_call" in item["kinds"] for item in found)
    assert "action_called" not in [item["type"] for item in found]
    assert api.get("/node-types/?kind=party").status_code == 422


def test_what_a_canvas_says_at_first_is_the_beginning_of_what_it_says_later(catalogue):
    at_first = {item["type"]: item["help"] for item in told(brief=True)}
    for item in catalogue:
        assert item["help"].startswith(at_first[item["type"]]), item["type"]
        assert at_first[item["type"]].endswith((".", "!", "?")), item["type"]


def test_what_is_known_already_is_not_sent_again(api):
    tag = api.get("/node-types/")["ETag"]
    again = api.get("/node-types/", If_None_Match=f"W/{tag}")
    assert (again.status_code, again.content) == (304, b"")


def test_every_example_shows_the_whole_config(catalogue):
    for node_type in all_types():
        example = next(item["example"] for item in catalogue if item["type"] == node_type.type)
        assert set(example["config"]) <= set(node_type.fields), node_type.type
        assert list(node_type.check_fields(example["config"])) == [], node_type.type


@pytest.mark.django_db(transaction=True)  # read on a connection of the doors' own
def test_published_actions_are_told_as_tools(api):
    document = chain(action_called("look_up", description="Looks up an order."), respond(), end())
    flow = api.post("/flows/", {"name": "Look up", "kind": "action", "document": document}).value
    api.post(f"/flows/{flow['id']}/publish/")
    tools = api.get("/tools/?format=openai").value["tools"]
    assert tools[0]["function"]["name"] == "look_up"
    assert api.get("/tools/?format=poem").status_code == 422
