"""The README keeps its promises: commands, floors, files, words and variables that it names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def section(title) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no section {title!r}"
    return found[1]


def test_the_two_commands_open_the_readme():
    assert README.index("python3 manage.py up") < README.index("python3 manage.py verify")


@pytest.mark.parametrize("floor", ["builder", "integrations", "runtime", "runtime/engine"])
def test_the_four_floors_are_named_near_the_top(floor):
    assert re.search(rf"^{floor} ", "\n".join(README.splitlines()[:30]), re.MULTILINE)


def test_every_path_in_where_do_i_put_exists():
    paths = re.findall(r"`((?:runtime|integrations|builder|static|templates|tests)/[\w./-]+|\.env\.example)`", README)
    missing = sorted({path for path in paths if "<" not in path and not (ROOT / path).exists()})
    assert not missing


def test_every_picture_exists():
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert not [path for path in pictures if not (ROOT / path).exists()]


def test_every_command_named_exists():
    from django.core.management import get_commands

    named = set(re.findall(r"manage\.py ([a-z_]+)", README))
    assert named <= set(get_commands())


def test_the_table_of_commands_has_each_of_ours():
    ours = {path.stem for floor in ("builder", "runtime") for path in (ROOT / floor).glob("management/commands/*.py")}
    assert set(re.findall(r"^\| `manage\.py (\w+)`", section("Commands"), re.MULTILINE)) == ours - {"__init__"}


def test_every_variable_of_the_environment_is_documented_once():
    listed = re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert ".env.example" in README


def test_links_inside_the_readme_lead_somewhere():
    anchors = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", README, re.M)
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", README))
    assert links <= anchors


def test_the_glossary_has_the_words_of_the_models():
    words = section("Words").lower()
    from django.apps import apps

    internal = {"user", "membership", "apikey", "idempotentanswer", "workerbeat", "steprun", "flowversion",
                "operationitem", "flowday"}  # fmt: skip
    for model in apps.get_app_config("runtime").get_models():
        name = model._meta.model_name
        assert name in internal or name in words, f"{name} is not in the glossary"
