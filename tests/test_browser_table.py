"""The table of tests/browser/README.md names tests that exist, and every test of the canvas is in it."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
NAMED = set(re.findall(r"`(test_\w+)`", (TESTS / "browser/README.md").read_text()))


def names_in(*patterns: str) -> set[str]:
    files = [path for pattern in patterns for path in TESTS.glob(pattern)]
    return {name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)}


def test_every_test_that_is_named_exists():
    assert names_in("browser/test_*.py", "engine/test_fixes.py") >= NAMED


def test_every_test_of_the_canvas_is_named():
    extra = {
        "test_a_phone_shows_the_outline_and_the_canvas_only_to_look_at",
        "test_what_is_live_is_left_alone_until_publish_workflow",
    }
    assert names_in("browser/test_canvas*.py") - extra <= NAMED
