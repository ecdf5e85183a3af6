"""The cases the engine and the editor's preview share: tests/cases/templates.json."""

import json
from pathlib import Path

import pytest

from runtime.engine import template
from runtime.engine.errors import StepError, TemplateError

CASES = json.loads((Path(__file__).parents[1] / "cases" / "templates.json").read_text())
SCOPE = CASES["scope"]


def each(group):
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES[group]])


@each("text")
def test_a_template_gives_the_text_and_names_what_is_missing(case):
    warnings = []
    assert template.compile_template(case["template"]).render_text(SCOPE, warnings) == case["text"]
    assert [warning["path"] for warning in warnings] == case.get("missing", [])


@each("server_only")
def test_a_filter_gives_the_text_or_nothing_with_a_warning(case):
    warnings = []
    assert template.compile_template(case["template"]).render_text(SCOPE, warnings) == case["text"]
    assert [warning["code"] for warning in warnings] == ["filter_failed"] * case.get("warned", False)


@each("typed")
def test_a_lone_placeholder_keeps_its_type(case):
    value = template.compile_template(case["template"]).render_value(SCOPE, [])
    assert (value, type(value)) == (case["value"], type(case["value"]))


@each("json")
def test_a_json_text_gives_the_value_and_may_be_published(case):
    assert template.check_json(case["template"]) is None
    assert template.render_json(case["template"], SCOPE, []) == case["value"]


@each("urls")
def test_a_url_is_encoded_part_by_part(case):
    assert template.check_url(case["template"]) is None
    assert template.render_url(case["template"], SCOPE, []) == case["url"]


@each("refused_urls")
def test_a_value_cannot_lead_the_request_elsewhere(case):
    with pytest.raises(StepError):
        template.render_url(case["template"], SCOPE, [])


@each("errors")
def test_a_template_that_cannot_be_read_says_where(case):
    with pytest.raises(TemplateError) as caught:
        template.compile_template(case["template"])
    assert caught.value.position == case["position"], caught.value.message
