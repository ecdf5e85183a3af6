"""Review in words: what a person reads before publishing."""

import copy

from builder.review import count, review
from tests.flows import call_ended, chain, decision, document, end, node


def texts(before, after):
    return [change["text"] for change in review(before, after)]


def flow():
    return chain(call_ended(), node("vars", "set_variable", {"assignments": []}, label="Topic"), end())


def changed(edit):
    after = copy.deepcopy(flow())
    edit(after, {item["id"]: item for item in after["nodes"]})
    return after


def test_equal_documents_have_nothing_to_review():
    assert review(flow(), flow()) == []


def test_a_flow_never_published_is_all_new():
    assert texts(None, flow())[0].startswith("Added ")
    assert count(review(None, flow())) == 5


def test_a_new_step_and_the_line_to_it_are_named():
    after = changed(lambda doc, _: doc["nodes"].append(node("mail", "set_variable", label="Note it")))
    after["edges"][1]["target"] = "mail"
    after["edges"].append({"id": "e9", "source": "mail", "port": "next", "target": "end"})
    assert texts(flow(), after) == [
        "Added Note it (Set variable).",
        "Topic now leads to Note it (before: end).",
        "Note it now leads to end.",
    ]


def test_a_removed_step_takes_its_lines_along_in_one_sentence():
    after = document([call_ended(), end()], [("start", "next", "end")])
    found = texts(flow(), after)
    assert "Removed Topic (Set variable)." in found
    assert not any("no longer leads" in text for text in found)


def test_a_rename_gives_both_names():
    assert texts(flow(), changed(lambda _, nodes: nodes["vars"].update(label="Subject"))) == [
        "Renamed Topic to Subject."
    ]


def test_a_field_is_called_by_its_label_and_its_options_too():
    after = changed(lambda _, nodes: nodes["start"]["config"].update(moment="ended"))
    assert texts(flow(), after) == ["start: Start at set to “At once”."]


def test_a_changed_field_shows_before_and_after():
    before = changed(lambda _, nodes: nodes["end"]["config"].update(outcome="ticket"))
    after = changed(lambda _, nodes: nodes["end"]["config"].update(outcome="ticket filed"))
    change = review(before, after)[0]
    assert change["text"] == "end: Outcome changed from “ticket” to “ticket filed”."
    assert (change["field"], change["before"], change["after"]) == ("/config/outcome", "ticket", "ticket filed")


def test_a_cleared_field_says_what_it_was():
    before = changed(lambda _, nodes: nodes["end"]["config"].update(outcome="ticket"))
    assert texts(before, flow()) == ["end: Outcome cleared (was “ticket”)."]


def test_long_values_are_shortened_to_a_line():
    after = changed(lambda _, nodes: nodes["end"]["config"].update(outcome="word\n" * 200))
    assert len(texts(flow(), after)[0]) < 120


def test_turning_a_step_off_and_on():
    off = changed(lambda _, nodes: nodes["vars"].update(disabled=True))
    assert texts(flow(), off) == ["Turned Topic off."]
    assert texts(off, flow()) == ["Turned Topic on."]


def test_a_setting_is_called_by_its_name_on_the_page():
    after = changed(lambda _, nodes: nodes["vars"].update(settings={"on_error": "continue"}))
    assert texts(flow(), after) == ["Topic: On error set to “continue”."]


def test_a_branch_is_called_by_its_label():
    fork = decision("fork", "{{interaction.status}}", "equals", "x", branch="yes")
    before = document([call_ended(), fork, end()], [("start", "next", "fork")])
    after = document([call_ended(), fork, end()], [("start", "next", "fork"), ("fork", "else", "end")])
    assert texts(before, after) == ["fork · Otherwise now leads to end."]


def test_drawing_the_same_line_again_is_no_change():
    after = changed(lambda doc, _: doc["edges"][0].update(id="e77"))
    assert review(flow(), after) == []


def test_moving_and_notes_are_one_grey_line_that_does_not_count():
    after = changed(lambda doc, _: doc.update(layout={"end": {"x": 16, "y": 0}}, notes=[{"id": "t", "text": "hi"}]))
    found = review(flow(), after)
    assert [change["text"] for change in found] == ["1 step moved, 1 note changed."]
    assert (found[0]["kind"], count(found)) == ("layout", 0)


def test_an_unknown_type_is_called_by_its_id():
    after = changed(lambda doc, _: doc["nodes"].append(node("x", "teleport", label="Beam")))
    assert texts(flow(), after)[0] == "Added Beam (teleport)."


def request(**config):
    step = node("ticket", "api_request", {"method": "POST", "url": "https://example.com", **config}, label="Ticket")
    return chain(call_ended(), step, end())


def test_rows_of_a_list_are_told_by_their_names():
    before = request(headers=[{"name": "X-One", "value": "1"}, {"name": "X-Two", "value": "2"}])
    after = request(headers=[{"name": "X-Two", "value": "two"}, {"name": "X-Three", "value": "3"}])
    assert texts(before, after) == [
        "Ticket: Headers: “X-Two”: value changed from “2” to “two”; added “X-Three” = “3”; removed “X-One” = “1”."
    ]


def test_a_mapping_is_told_by_path_and_variable():
    after = request(response_mapping=[{"path": "$.id", "variable": "ticket_no", "default": ""}])
    assert texts(request(response_mapping=[]), after) == ["Ticket: Response mapping: added $.id as ticket_no."]


def test_members_of_an_object_are_told_by_their_labels():
    before = request(body={"type": "json", "content": "{}"})
    after = request(body={"type": "text", "content": "hello"})
    assert texts(before, after) == [
        "Ticket: Body: type changed from “JSON” to “Text”; content changed from “{}” to “hello”."
    ]


def test_a_condition_reads_as_a_sentence():
    before = document([call_ended(), decision("fork", "{{interaction.status}}", "equals", "x", branch="yes")], [])
    after = document([call_ended(), decision("fork", "{{interaction.status}}", "equals", "y", branch="yes")], [])
    (text,) = texts(before, after)
    assert "status" in text
    assert "“status is x” to “status is y”" in text.replace("equals", "is")
    assert "{" not in text


def test_another_order_is_a_change_too():
    rows = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    assert texts(request(query=rows), request(query=rows[::-1])) == ["Ticket: Query: in another order."]


def test_retries_are_told_in_numbers():
    after = request()
    step = next(each for each in after["nodes"] if each["id"] == "ticket")
    step["settings"] = {"retry": {"max_attempts": 5, "backoff_seconds": 2}}
    (text,) = texts(request(), after)
    assert text == "Ticket: Retry set to 5 attempts, 2 seconds apart."
