"""What pages are made of: the reference, the charts, words for durations, module maps, a strict policy."""

import re

import pytest

from builder.pages import charts
from builder.templatetags import modules, ui
from runtime.engine import registry


def test_the_reference_names_every_node_type_with_its_fields(signed_in):
    page = signed_in.get("/nodes/").content.decode()
    for node_type in registry.all_types():
        assert f'id="{node_type.type}"' in page
        for name in node_type.fields:
            assert f">{name}</span>" in page, (node_type.type, name)


def test_every_icon_of_a_node_type_is_in_the_sprite(settings):
    sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()
    known = set(re.findall(r'id="i-([\w-]+)"', sprite))
    for node_type in registry.all_types():
        assert node_type.icon in known, node_type.type
        assert node_type.app["icon"] in known, node_type.type
    assert {symbol for _, symbol, _ in ui.STATES.values()} <= known


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0, "0 ms"), (0.0042, "4 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (1.26, "1.3 s"), (59.9, "60 s"),
     (60, "1 min"), (125, "2 min 5 s"), (3600, "1 h"), (12_000, "3 h 20 min"), (200_000, "2 days")],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(seconds, words):
    assert ui.duration(seconds).replace("60 s", "60 s") == words


def test_help_texts_may_mark_code_and_nothing_else():
    assert ui.marked("`<b>` and **two**, <i>no</i>") == (
        "<code>&lt;b&gt;</code> and <strong>two</strong>, &lt;i&gt;no&lt;/i&gt;"
    )


@pytest.mark.parametrize("points", [[], [(0, 0)], [(0, 0), (3, 1)], [(10_000, 0)]])
def test_a_sparkline_has_words_and_no_style_attribute(points):
    drawn = charts.sparkline(points, "Last days")
    assert 'aria-label="Last days"' in drawn
    assert "style=" not in drawn


@pytest.mark.parametrize("value", [0, 1, 3, 7, 99, 100, 101, 123_456])
def test_an_axis_of_counts_ends_at_or_above_the_highest_and_halves_evenly(value):
    top = charts._round_up(value)
    assert top >= value
    assert top % 2 == 0


@pytest.mark.parametrize("value", [0.0004, 0.02, 0.7, 1.0, 45.0, 4000.0])
def test_an_axis_of_seconds_ends_close_above_the_highest(value):
    assert value <= charts._end_of_times(value) <= value * 2.6


def test_an_axis_of_seconds_says_times_as_people_do():
    assert [charts._tick(end * share) for end in (0, 0.01, 1, 2, 60, 600, 86_400, 345_600) for share in (0.5, 1)] == [
        "0", "0", "5 ms", "10 ms", "500 ms", "1 s", "1 s", "2 s", "30 s", "1 min", "5 min", "10 min", "12 h", "24 h",
        "2 days", "4 days",
    ]  # fmt: skip


def test_a_chart_says_each_figure_on_its_bar():
    point = {"label": "<Mon>", "good": 3, "bad": 1, "other": 0}
    assert "&lt;Mon&gt;: 3 succeeded, 1 failed, 0 other" in charts.stacked_bars([point], "Runs")


def test_the_editor_s_modules_are_preloaded_flat_and_each_once():
    found = modules._closure.__wrapped__(("editor/main.js",))
    assert found[0] == "editor/main.js"
    assert len(found) == len(set(found))
    assert all(path.startswith("editor/") for path in found)


def test_only_static_imports_are_followed():
    source = 'import { a } from "./a.js";\nimport "./b.js";\nexport * from "../c.js";\nconst d = import("./d.js");\n'
    assert modules.STATIC_IMPORT.findall(source) == ["./a.js", "./b.js", "../c.js"]


def test_pages_carry_no_inline_script_or_style(signed_in, published):
    for path in ("/", "/runs/", "/nodes/", "/dashboard/", "/settings/members/", "/flows/new/"):
        page = signed_in.get(path)
        body = page.content.decode()
        assert " style=" not in body
        inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", body)
        assert all("importmap" in attributes and "nonce=" in attributes for attributes in inline), path
        assert "'unsafe-inline'" not in page["Content-Security-Policy"]


def test_the_first_steps_can_be_put_away(signed_in):
    assert b"First steps" in signed_in.get("/").content
    signed_in.post("/settings/preferences/first-steps/")
    assert b"First steps" not in signed_in.get("/").content
