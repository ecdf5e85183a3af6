"""Headers and URLs."""

import pytest

from runtime.engine import template
from runtime.engine.errors import StepError


def header(text, **values):
    return template.render_header(text, {"vars": values}, [])


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb", "a\0b", "a\x7f"])
def test_a_header_refuses_line_breaks_and_control_characters(value):
    with pytest.raises(StepError, match="line break"):
        header("x {{vars.v}} y", v=value)


def test_a_header_refuses_a_line_break_written_in_the_field():
    with pytest.raises(StepError):
        header("a\r\nb")


def test_a_header_refuses_what_it_cannot_carry():
    with pytest.raises(StepError, match="cannot carry"):
        header("{{vars.v}}", v="€")


def test_spaces_around_a_header_are_cut():
    assert header(" {{vars.v}} ", v="a b") == "a b"


@pytest.mark.parametrize(
    "text",
    [
        "https://{{vars.h}}/x",
        "https://a.example.com{{vars.p}}",
        "https://a.example.com:{{vars.p}}/",
        "ht{{vars.x}}://a.example.com",
        "https://{{vars.a}}@b.example.com/",
        "https://x.{{vars.a}}/",
        "//{{vars.h}}/x",
        "{{ vars.x | shout }}",
    ],
)
def test_publishing_refuses_a_url_whose_host_would_come_from_a_value(text):
    assert template.check_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{vars.url}}",
        "{{vars.base}}/x/{{vars.id}}",
        "https://a.example.com/{{vars.id}}",
        "/x/{{vars.id}}",
        "https://{{vars.t}}.example.com:8443/x",
        "https://a.example.com?x={{vars.x}}",
    ],
)
def test_publishing_takes_a_url_whose_host_is_written_out_or_first(text):
    assert template.check_url(text) is None


def test_a_first_placeholder_cannot_let_the_next_one_finish_the_host():
    for value in (".evil.example", "@evil.example", ":80@evil.example/"):
        with pytest.raises(StepError):
            template.render_url(
                "{{vars.base}}{{vars.x}}/y", {"vars": {"base": "https://a.example.com", "x": value}}, []
            )


@pytest.mark.parametrize("value", ["a b", "a\nb", "https://a.example.com/\r\nHost: x"])
def test_a_whole_url_may_not_hold_spaces_or_line_breaks(value):
    with pytest.raises(StepError):
        template.render_url("{{vars.url}}", {"vars": {"url": value}}, [])


@pytest.mark.parametrize("value", [".", "..", "%2e%2e", "%2E."])
def test_a_path_part_that_climbs_is_refused(value):
    scope = {"vars": {"base": f"https://a.example.com/{value}", "x": value}}
    with pytest.raises(StepError):
        template.render_url("{{vars.base}}/y", scope, [])
    if value.strip(".") == "":
        with pytest.raises(StepError):
            template.render_url("https://a.example.com/{{vars.x}}/y", scope, [])


def test_an_endless_url_is_refused():
    with pytest.raises(StepError, match="longer"):
        template.render_url("https://a.example.com/{{vars.x}}", {"vars": {"x": "x" * 9_000}}, [])
