"""Every field that the API's own document names, given what no field expects: refused in words or taken, and never a
mistake of ours.
"""

import itertools
import json
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from builder.flows import create_flow
from builder.publishing import publish
from tests.flows import call_ended, chain, end

DOCUMENT = yaml.safe_load((Path(settings.BASE_DIR) / "tests" / "openapi.yaml").read_text())
#: As text, for JSON can say more than our encoder would write.
ODD = [
    "null", "true", "[]", "{}", '""', "-1", "0.1", "9" * 400, "-9223372036854775809", "[null]", "[{}]", '"a\\u0000b"',
    '"\\ud800"', '"0001-01-01T00:00:00-14:00"', '"9999-12-31T23:59:59+14:00"', '{"__proto__": {"a": 1}}',
    '"{{secure.x}}"', '"' + "a" * 70_000 + '"', "[" * 90 + "]" * 90, '["x", "x"]', "1e300", '"../../etc/passwd"',
]  # fmt: skip
MISSING = "01a20055-bcde-7906-8c3e-7ae79bd93725"


def of(schema):
    """A schema without its detours."""
    while "$ref" in schema or "allOf" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else (
            schema["allOf"][0])  # fmt: skip
    return schema


def sample(schema, depth=0):
    """A value that the schema describes, more or less."""
    schema = of(schema)
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return sample(schema[choice][0], depth)
    if "properties" in schema and depth < 4:
        parts = schema["properties"].items()
        return {name: sample(part, depth + 1) for name, part in parts if not of(part).get("readOnly")}
    if schema.get("type") == "array" and depth < 4:
        return [sample(schema["items"], depth + 1)]
    return {"integer": 1, "number": 1.5, "boolean": False, "array": [], "object": {}}.get(schema.get("type"), "x")


def with_each_place(value, write=lambda text: text):
    """For each place in a value: how to write the whole with something else there."""
    yield write
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):

            def around(text, name=name):
                mark = f"<{len(value)}>"
                put = {**value, name: mark} if isinstance(value, dict) else [*value[:name], mark, *value[name + 1 :]]
                return write(json.dumps(put).replace(json.dumps(mark), text, 1))

            yield from with_each_place(inner, around)


def requests():
    """[(method, path, body as a schema)] of all that takes a body."""
    for path, methods in DOCUMENT["paths"].items():
        for method in {"post", "put", "patch"} & set(methods):
            content = methods[method].get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield method.upper(), path, content["application/json"].get("schema", {})


@pytest.fixture
def flow(workspace, owner):
    flow = create_flow(workspace, owner.user, name="Follow up", kind="post_call", document=chain(call_ended(), end()))
    publish(flow, owner.user)
    return flow


def test_no_field_of_the_api_can_be_given_what_is_a_mistake_of_ours(machine, flow):
    statuses, odd = {}, itertools.cycle(ODD)
    for method, path, schema in sorted(requests(), key=lambda each: each[:2]):
        address = re.sub(r"{(\w+)}", lambda part: str(flow.pk) if part[1] == "flow_id" else MISSING, path)
        for write in with_each_place(sample(schema)):
            body = write(next(odd))
            answer = machine.call(method, address, data=body.encode(), If_Match="*")
            statuses.setdefault(answer.status_code, []).append((method, path, body[:300]))
    assert [asked for status, asked in statuses.items() if status >= 500] == []
    assert len(statuses[422]) > 100, "most of it is refused for what it says"
