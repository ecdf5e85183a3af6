"""JSON texts with placeholders: what publishing refuses, what a rendering that is no JSON says."""

import pytest

from runtime.engine import template
from runtime.engine.errors import StepError, TemplateError
from runtime.engine.values import UNKNOWN, PartlyKnown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no valid JSON"),
        ('{"a": {{vars.x}}', "no valid JSON"),
        ('{"a": {{vars.x}} {{vars.y}}}', "no valid JSON"),
        ("{'a': 1}", "no valid JSON"),
        ('{"a": {{vars.x}},}', "no valid JSON"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e999}', "too large"),
        ('{"a": "\\{{vars.x}}"}', "backslash"),
        ('{"a": "\\u00{{vars.x}}"}', "no valid JSON"),
        ('{"a": {{vars.x}', "never closed"),
        ('{"a": {{ vars.x | shout }}}', "no filter"),
        ("[" * 200 + "]" * 200, "deeper"),
        ('{"a": "{{vars.x}}', "no valid JSON"),
    ],
)
def test_publishing_refuses_what_can_never_be_json(text, says):
    assert says in template.check_json(text)


def test_places_in_messages_are_those_of_the_text_as_written():
    message = template.check_json('{"a": {{interaction.duration_seconds}},\n "b": "{{interaction.summary}}" oops}')
    assert "line 2, column 33" in message


@pytest.mark.parametrize("text", ["{{vars.x}}", '"{{vars.x}}"', "[{{vars.x}}, 1]", '{"{{vars.k}}": true}', "null", "3"])
def test_publishing_takes_what_is_json_once_its_values_are_there(text):
    assert template.check_json(text) is None


def test_a_rendering_that_is_no_json_is_a_failed_step():
    with pytest.raises(StepError, match="no valid JSON") as caught:
        template.render_json('{"a": {{vars.x}} {{vars.x}}}', {"vars": {"x": 1}}, [])
    assert caught.value.code == "bad_json"


def test_a_backslash_before_a_placeholder_cannot_eat_its_first_character():
    with pytest.raises(TemplateError, match="backslash"):
        template.render_json('{"a": "\\{{vars.x}}"}', {"vars": {"x": '"'}}, [])


@pytest.mark.parametrize("value", ["a\0b", "\ud800", {"k": ["\0"]}])
def test_what_cannot_be_stored_is_refused(value):
    for text in ('{"a": {{vars.x}}}', '{"a": "{{vars.x}}"}'):
        with pytest.raises(StepError):
            template.render_json(text, {"vars": {"x": value}}, [])


def test_missing_values_are_warned_of():
    warnings = []
    assert template.render_json('{"a": {{vars.x}}, "b": "{{vars.y}}"}', {}, warnings) == {"a": None, "b": ""}
    assert [warning["path"] for warning in warnings] == ["vars.x", "vars.y"]


def test_a_body_over_a_mebibyte_is_refused():
    with pytest.raises(StepError, match="1 MiB"):
        template.render_json('["{{vars.x}}", "{{vars.x}}"]', {"vars": {"x": "x" * 600_000}}, [])


def test_an_outline_keeps_what_is_known():
    outline = template.json_outline('{"id": {{args.id}}, "text": "Order {{args.id}}", "fixed": [1, "x"]}')
    assert outline["id"] is UNKNOWN
    assert isinstance(outline["text"], PartlyKnown)
    assert outline["fixed"] == [1, "x"]


def test_an_outline_of_one_placeholder_is_unknown():
    assert template.json_outline("{{vars.x}}") is UNKNOWN
