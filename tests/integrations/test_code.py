"""The Code step: chosen inputs in, JSON out, what was printed kept, and errors an author can act on."""

from datetime import UTC, datetime

import pytest

from runtime.active import ActiveRun
from runtime.engine import registry
from runtime.engine.graph import Graph
from runtime.engine.interpreter import begin
from runtime.engine.outcomes import Done, Fail
from runtime.engine.validation import validate
from runtime.history_room import Kept
from runtime.stepping import perform
from tests.flows import call_ended, chain, end, node

NOW = datetime(2026, 1, 20, 15, 2, 6, tzinfo=UTC)
EVENT = {"interaction": {"duration_seconds": 125, "transcript": 'She said "no"\nand left.'}, "secure": {"pin": "4711"}}


def run(program, mode="live", deadline=None, **inputs):
    """(outcome, the row history keeps) of one Code step."""
    rows = [{"name": name, "value": value} for name, value in inputs.items()]
    graph = Graph.from_document(chain(call_ended(), node("js", "code", {"inputs": rows, "program": program}), end()))
    state = begin(graph, {"tags": ["a", "b"]}, NOW)._replace(node="js")
    active = ActiveRun(
        id="run-1", workspace_id="w1", flow_id="f1", version_id="v1", kind="post_call", mode=mode, graph=graph,
        state=state, fence=1, seq=0, event=EVENT, deadline=deadline,
    )  # fmt: skip
    outcome = perform(active)
    return outcome, {key: kept.value if isinstance(kept, Kept) else kept for key, kept in active.steps[-1].items()}


def problems(program, *inputs, kind="post_call"):
    rows = [{"name": name, "value": value} for name, value in inputs]
    code = node("js", "code", {"inputs": rows, "program": program})
    graph = Graph.from_document(chain(call_ended(), code, end()))
    return [problem for problem in validate(graph, kind) if problem.node == "js"]


def test_the_example_of_the_catalogue_is_valid_and_runs():
    kind = registry.find("code")
    config = kind.example["config"]
    assert not list(kind.check_fields(config))
    outcome, _ = run(config["program"], name="Jane van Doe")
    assert outcome.output["result"] == {"first": "Jane", "last": "van Doe"}


def test_inputs_keep_their_types_and_the_result_is_any_json():
    program = "return { seconds: inputs.seconds + 1, tags: inputs.tags.length, text: inputs.text, none: inputs.none }"
    outcome, row = run(program, seconds="{{interaction.duration_seconds}}", tags="{{vars.tags}}",
                       text="Said: {{interaction.transcript}}", none="{{vars.nothing}}")  # fmt: skip
    assert outcome == Done(port="success", output={"console": [], "result": {
        "seconds": 126, "tags": 2, "text": 'Said: She said "no"\nand left.', "none": None}})  # fmt: skip
    assert row["input"]["inputs"]["seconds"] == 125, "history shows what the program was given"


def test_what_it_prints_is_kept_with_the_step():
    outcome, row = run("console.log('tags', inputs.tags, { a: 1 });\nconsole.warn('careful');\nreturn 1",
                       tags="{{vars.tags}}")  # fmt: skip
    assert outcome.output["console"] == ['tags ["a","b"] {"a":1}', "warning: careful"]
    assert row["output"]["console"] == outcome.output["console"]


def test_of_what_it_prints_200_lines_are_kept():
    outcome, _ = run("for (let i = 0; i < 1000; i++) console.log(i);\nreturn 1")
    assert outcome.output["console"][199:] == ["199", "… and 800 more lines (200 lines and 16 KB are kept)"]


def test_of_what_it_prints_16_kb_are_kept():
    outcome, _ = run("for (let i = 0; i < 100; i++) console.log('x'.repeat(1000));\nreturn 1")
    assert 16_000 < sum(len(line) for line in outcome.output["console"]) < 17_000


@pytest.mark.parametrize(
    ("program", "message", "code", "line"),
    [
        ("const o = null;\nreturn o.id;", "Line 2: TypeError: cannot read property 'id' of null", "javascript", 2),
        ("\n\nthrow new Error('No such order')", "Line 3: No such order", "javascript", 3),
        ("throw 'plain'", "The program: plain", "javascript", None),
        ("return 1;\nreturn = 2;", "Line 2: unexpected token in expression: '='", "syntax", 2),
        ("if (true) {\n  return 1;", "Line 2: the program ends in the middle of something; is a bracket not closed?",
         "syntax", 2),
        ("import os from 'os'", "Line 1: ", "syntax", 1),
        ("await 0;\nlet f = () => { throw new RangeError('far') };\nf()", "Line 2: RangeError: far", "javascript", 2),
        ("return { total: 10n }", '"total" in the result is a BigInt; put Number(...)', "bad_result", None),
        ("return { total: 0 / 0 }", '"total" in the result is NaN, which JSON cannot hold.', "bad_result", None),
        ("return { f() {} }", '"f" in the result is a function', "bad_result", None),
        ("return new Map([[1, 2]])", "The result is a Map; return Object.fromEntries(map)", "bad_result", None),
        ("return 'x'.repeat(2 ** 20)", "The result is larger than 1 MiB.", "bad_result", None),
        ("const a = []; for (;;) a.push('x'.repeat(1e5) + a.length)", "needed more than 64 MB", "out_of_memory", None),
        ("await new Promise(() => {})", "awaits something that never comes", "never_ends", None),
        ("return fetch('https://example.com')", "Line 1: ReferenceError: fetch is not defined", "javascript", 1),
        ("return '\\ud800'", "JSON cannot keep", "bad_result", None),
    ],
)  # fmt: skip
def test_errors_say_what_happened_and_in_which_line(program, message, code, line):
    outcome, row = run("console.log('before');" + program)
    assert isinstance(outcome, Fail)
    assert message in outcome.message
    assert (outcome.code, outcome.retryable) == (code, False)
    assert outcome.detail["line"] == line
    assert row["error"]["message"] == outcome.message


def test_what_was_printed_before_an_error_is_kept_with_it():
    outcome, _ = run("console.log('got here');\nthrow new Error('no')")
    assert outcome.detail == {"line": 2, "console": ["got here"]}


def test_what_no_database_keeps_is_replaced_in_what_was_said():
    outcome, row = run("console.log('a\\0b\\ud800c');\nreturn 1")
    assert outcome.output["console"] == ["a\ufffdb?c"]
    outcome, row = run("throw new Error('a\\0b\\udfffc')")
    assert row["error"]["message"] == "Line 1: a\ufffdb?c"


def test_a_program_that_returns_nothing_is_told_so():
    outcome, row = run("const x = 1;")
    assert outcome.output["result"] is None
    assert [warning["code"] for warning in row["warnings"]] == ["nothing_returned"]


def test_inputs_over_a_mebibyte_are_refused(monkeypatch):
    monkeypatch.setitem(EVENT["interaction"], "transcript", "x" * (1024 * 1024))
    outcome, _ = run("return 1", text="{{interaction.transcript}}")
    assert outcome.code == "inputs_too_large"


def test_a_dry_run_runs_the_program_too():
    assert run("return 2", mode="dry")[0].output["result"] == 2


def test_secrets_cannot_be_inputs():
    assert [problem.code for problem in problems("return 1", ("pin", "{{secure.pin}}"))] == ["F012"]
    outcome, _ = run("return inputs.pin", pin="{{secure.pin}}")
    assert "4711" not in repr(outcome)


def test_a_program_that_cannot_be_read_cannot_be_published():
    (problem,) = problems("const a = 1;\nreturn a +;")
    assert (problem.code, problem.field) == ("F006", "/config/program")
    assert problem.message.startswith("Line 2: unexpected token")


def test_checking_a_program_runs_nothing_of_it():
    assert problems("})(); for(;;){}; (function () {") == []


def test_names_of_inputs_can_be_written_in_a_program():
    found = problems("return 1", ("order id", "1"), ("a", "1"), ("a", "2"))
    assert [(problem.code, problem.field) for problem in found] == [
        ("F006", "/config/inputs/0/name"),
        ("F006", "/config/inputs/2/name"),
    ]


def test_a_program_over_64_kib_is_refused():
    assert "longer than 65,536" in problems("//" + "x" * 65_536)[0].message


def test_where_programs_cannot_be_confined_publishing_says_so(monkeypatch):
    from integrations.sandbox import pool
    from integrations.sandbox.pool import Pool

    weak = Pool(1, machine="a machine without a filter")
    monkeypatch.setattr(pool, "_pool", weak)
    (problem,) = problems("return 'nowhere to run'")
    assert "JavaScript cannot be run safely on this machine" in problem.message
    outcome, _ = run("return 1")
    assert (outcome.code, outcome.retryable) == ("no_sandbox", False)
