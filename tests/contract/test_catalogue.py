"""GET /node-types/ member by member (SETTLED 2), and the examples in it (SETTLED 7.14)."""

import pytest

from tests.contract.conftest import is_problem

TYPE = {
    "type": str, "version": int, "label": str, "app": dict, "group": dict, "icon": str, "help": str, "keywords": list,
    "trigger": bool, "kinds": list, "effect": str, "summary": list, "fields": list, "ports": list, "outputs": list,
    "example": dict,
}  # fmt: skip
FIELD = {
    "name": str, "kind": str, "label": str, "help": str, "required": bool, "default": object, "template": bool,
    "secure": bool, "section": str, "advanced": bool, "options": (list, type(None)),
    "options_from": (str, dict, type(None)), "limits": dict, "visible_if": (dict, type(None)),
    "fields": (list, type(None)), "item": (dict, type(None)),
}  # fmt: skip
LIMITS = {"min", "max", "max_length", "max_items", "pattern"}
FIELD_KINDS = {
    "text", "long_text", "number", "toggle", "choice", "multi_choice", "duration", "date_time", "date", "time",
    "time_zone", "cron", "key_values", "conditions", "mapping", "variable_name", "json_body", "json_value", "schema",
    "code", "list", "object", "connection_ref", "flow_ref", "agent_refs", "table_ref",
}  # fmt: skip
VARIABLE_TYPES = {"text", "number", "boolean", "datetime", "list", "object", "any"}
TEMPLATES_BY_DEFAULT = {"text", "long_text", "json_body", "key_values", "conditions"}
KINDS = {"post_call", "action", "inbound", "conversation", "automation"}
HERE = ["call_ended", "action_called", "webhook", "set_variable", "decision", "wait", "api_request", "respond", "end"]


@pytest.fixture
def types(program):
    return program.get("/node-types/").value


def fields_of(fields):
    for field in fields:
        yield field
        yield from fields_of(field["fields"] or [])
        yield from fields_of([field["item"]] if field["item"] else [])


def test_all_types_of_this_stage_are_there(types):
    assert set(HERE) <= {each["type"] for each in types}


def test_a_type_has_every_member(types):
    for each in types:
        assert set(each) >= set(TYPE), each["type"]
        assert all(isinstance(each[name], kind) for name, kind in TYPE.items()), each["type"]
        assert set(each["app"]) == {"id", "label", "icon"}
        assert set(each["group"]) == {"id", "label", "order", "color"}
        assert set(each["kinds"]) <= KINDS
        assert each["effect"] in ("none", "repeatable", "keyed", "once")
        assert each["help"]


def test_a_field_has_every_member(types):
    for each in types:
        for field in fields_of(each["fields"]):
            at = f"{each['type']}.{field.get('name')}"
            assert set(field) >= set(FIELD), at
            assert all(isinstance(field[name], kind) for name, kind in FIELD.items()), at
            assert field["kind"] in FIELD_KINDS, at
            assert set(field["limits"]) == LIMITS, at
            assert all(set(option) == {"value", "label", "help"} for option in field["options"] or []), at
            if field["template"]:
                assert field["kind"] in TEMPLATES_BY_DEFAULT | {"duration", "date_time", "list", "mapping", "number"}, (
                    at
                )


def test_a_condition_of_visibility_names_a_sibling(types):
    def check(fields):
        names = {field["name"] for field in fields}
        for field in fields:
            condition = field["visible_if"]
            for rule in [] if condition is None else condition.get("all") or condition.get("any") or [condition]:
                assert rule["field"] in names
                assert isinstance(rule["in"], list)
            check(field["fields"] or [])
            check((field["item"] or {}).get("fields") or [])

    for each in types:
        check(each["fields"])


def test_ports_and_outputs_are_data(types):
    for each in types:
        for port in each["ports"]:
            assert set(port) >= ({"each", "id", "label"} if "each" in port else {"id", "label"})
        for output in each["outputs"]:
            wanted = {"each", "name", "scope"} if "each" in output else {"name", "label", "type", "scope"}
            assert set(output) >= wanted, each["type"]
            assert "each" in output or output["type"] in VARIABLE_TYPES
            assert output["scope"] in ("steps", "vars", "args", "trigger", "visitor", "message", "contact")


def test_the_ports_are_those_of_the_contract(types):
    ports = {each["type"]: [port.get("id") for port in each["ports"]] for each in types}
    assert ports["decision"] == ["id", "else"]
    assert ports["api_request"] == ["success", "error"]
    assert ports["end"] == []
    assert ports["wait"] == ["next", "elapsed", "event"]  # the last two where it waits for an event
    for plain in ("call_ended", "action_called", "webhook", "set_variable", "respond"):
        assert ports[plain] == ["next"]


def test_the_config_names_are_those_of_the_contract(types):
    names = {each["type"]: {field["name"] for field in each["fields"]} for each in types}
    assert names["call_ended"] >= {"agents", "statuses", "minimum_seconds", "include_test", "moment"}
    assert names["action_called"] >= {"name", "description", "inputs", "response_schema", "deadline_seconds",
                                      "fallback_response", "while_running", "respond_then_continue"}  # fmt: skip
    assert names["webhook"] >= {"methods", "content_types", "respond"}
    assert names["set_variable"] >= {"assignments"}
    assert names["decision"] >= {"branches"}
    assert names["wait"] >= {"mode", "seconds", "until"}
    assert names["api_request"] >= {"method", "url", "query", "headers", "body", "connection", "response_mapping",
                                    "success", "idempotency_header", "body_limit", "follow_redirects"}  # fmt: skip
    assert names["respond"] == {"response", "status"}
    assert names["end"] == {"outcome"}


def test_every_example_shows_the_full_config_and_has_no_problem(types, program):
    for each in types:
        example = each["example"]
        assert example["type"] == each["type"]
        assert set(example["config"]) <= {field["name"] for field in each["fields"]}
        kind = each["kinds"][0]
        flow = program.post("/flows/", {"name": each["type"], "kind": kind}).value
        problems = program.post(
            f"/flows/{flow['id']}/validate/", {"nodes": [{"id": "n", **example}], "edges": []}
        ).value["problems"]
        assert "F006" not in {problem["code"] for problem in problems}, problems


def test_the_catalogue_of_one_kind(program, types):
    for kind in KINDS:
        found = program.get(f"/node-types/?kind={kind}").value
        assert found == [each for each in types if kind in each["kinds"]]
    is_problem(program.get("/node-types/?kind=nothing"), 422)


def test_a_known_catalogue_is_not_sent_again(program):
    tag = program.get("/node-types/").headers["ETag"]
    assert program.get("/node-types/", headers={"If-None-Match": tag}).status_code == 304
