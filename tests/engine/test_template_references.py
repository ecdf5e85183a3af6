"""The variables a configuration names, and their way to a step's new key."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.engine import template

CONFIG = {
    "url": "https://a.example.com/{{steps.find.id}}",
    "headers": [{"name": "X", "value": "{{vars.x | default: 'none'}}"}],
    "broken": "{{steps.find.",
    "conditions": {"all": [{"left": "{{ steps.find.items[0]['a b'] }}", "operator": "is_set"}]},
    "count": 3,
}


def test_references_say_what_they_name_where_and_whether_they_have_a_default():
    found = template.compile_template("a {{ steps.find.items[0].id | default: 1 }} {{ 'x' }}{{run.id}}").references()
    assert [(r.path, r.has_default) for r in found] == [
        (("steps", "find", "items", 0, "id"), True),
        (("run", "id"), False),
    ]
    assert (found[0].text, found[0].start, found[0].end) == ("{{ steps.find.items[0].id | default: 1 }}", 2, 43)


def test_references_are_found_all_through_a_configuration():
    assert [reference.path for reference in template.references(CONFIG)] == [
        ("steps", "find", "id"),
        ("vars", "x"),
        ("steps", "find", "items", 0, "a b"),
    ]


def test_renaming_a_key_reaches_every_reference_and_nothing_else():
    renamed = template.rename_references(CONFIG, "find", "look_up")
    assert renamed["url"] == "https://a.example.com/{{steps.look_up.id}}"
    assert renamed["conditions"]["all"][0]["left"] == "{{ steps.look_up.items[0]['a b'] }}"
    assert {**renamed, "url": 0, "conditions": 0} == {**CONFIG, "url": 0, "conditions": 0}


def test_renaming_leaves_other_names_alone():
    text = "find {{vars.find}} {{steps.finder.id}} {{steps.other.find}} {{ 'steps.find.id' }} {{steps.FIND.id}}"
    assert template.rename_references(text, "find", "x") == text


def test_renaming_reaches_several_spellings():
    text = "{{steps.find}}{{ steps[\"find\"].id | upper }}{{steps['find']['id']}}"
    assert (
        template.rename_references(text, "find", "new") == "{{steps.new}}{{ steps.new.id | upper }}{{steps.new['id']}}"
    )


keys = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)


@given(st.lists(st.tuples(keys, keys), max_size=5), keys, keys)
def test_renaming_there_and_back_is_nothing(paths, old, new):
    text = " ".join(f"{{{{steps.{key}.{name}}}}}" for key, name in paths)
    if new not in {key for key, _ in paths}:
        assert template.rename_references(template.rename_references(text, old, new), new, old) == text
