"""verify itself: it counts what pytest counts, and in CI what cannot run is a failure."""

import threading

import pytest
from django.core.management import call_command

from builder.management.commands import verify
from tests.until import until


@pytest.fixture
def verification(tmp_path):
    return verify.Verification(tmp_path)


def run(*parts):
    with pytest.raises(SystemExit) as end:
        call_command("verify", *parts)
    return end.value.code


def test_it_counts_what_pytest_counted(verification, tmp_path, capfd):
    (tmp_path / "test_some.py").write_text(
        "import pytest\ndef test_a(): pass\ndef test_b(): pass\ndef test_c(): assert 0\ndef test_d(): pytest.skip()\n"
    )
    assert not verification.pytest("--rootdir", str(tmp_path), "-c", "/dev/null", "-p", "no:django", str(tmp_path))
    assert verification.tests_ran
    assert {name: count for name, count in verification.counted.items() if count} == {
        "passed": 2, "failed": 1, "skipped": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("ci", "counted"), [("true", {"failed": 1, "errors": 1}), ("", {"skipped": 2})])
def test_in_ci_a_test_that_is_skipped_fails(verification, tmp_path, monkeypatch, ci, counted):
    said = []
    verification.show = said.append
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    (tmp_path / "test_some.py").write_text(
        "import pytest\ndef test_a(): pytest.skip('no mail')\n@pytest.mark.skip(reason='no mail')\ndef test_b(): pass\n"
    )
    monkeypatch.setenv("CI", ci)
    verification.pytest("--rootdir", str(tmp_path), "-c", "/dev/null", "-p", "no:django", str(tmp_path))
    assert {name: count for name, count in verification.counted.items() if count} == counted
    assert "no mail" in "".join(said)


def test_the_last_line_is_the_count_of_all(monkeypatch, capfd):
    def passes(run):
        """two tests"""
        run.tests_ran = True
        run.counted["passed"] += 2
        return True

    monkeypatch.setattr(verify, "PARTS", {"one": passes, "two": passes})
    assert run() == 0
    assert capfd.readouterr().out.splitlines()[-1] == "tests: 4 passed, 0 failed"


def test_parts_of_one_lane_run_one_after_the_other_beside_those_of_another(monkeypatch, capfd):
    seen, long_one_runs = [], threading.Event()

    def short(run):
        """begins its lane"""
        seen.append("short")
        return long_one_runs.wait(10)

    def last(run):
        """ends its lane"""
        seen.append("last")
        return True

    def long(run):
        """the other lane"""
        long_one_runs.set()
        until(lambda: "last" in seen, 10)
        return True

    monkeypatch.setattr(verify, "PARTS", {"alone": last, "short": short, "long": long, "last": last})
    monkeypatch.setattr(verify, "LANES", ((("short", "last"), ("long",)),))
    assert verify._lanes(["alone", "short", "long", "last"]) == [[["alone"]], [["short", "last"], ["long"]]]
    assert verify._lanes(["last", "alone"]) == [[["last"]], [["alone"]]]
    assert run("short", "long", "last") == 0
    assert "short, then last and long side by side" in capfd.readouterr().out


def test_what_failed_is_said_once_more_at_the_end(verification, tmp_path, monkeypatch, capfd):
    (tmp_path / "test_some.py").write_text("def test_a(): pass\ndef test_b(): assert 1 == 2\n")

    def fails(run):
        """two tests"""
        return run.pytest("--rootdir", str(tmp_path), "-c", "/dev/null", "-p", "no:django", str(tmp_path))

    monkeypatch.setattr(verify, "PARTS", {"lame": fails})
    assert run("lame") == 1
    *_, which, parts, _ = capfd.readouterr().out.splitlines()
    assert "lame: FAILED" in which
    assert "::test_b - assert 1 == 2" in which
    assert parts == "[verify] not well: lame"


@pytest.mark.parametrize(("ci", "status", "said"), [("true", 1, "FAILED"), ("", 0, "skipped")])
def test_what_cannot_run_is_loud_and_in_ci_a_failure(monkeypatch, capfd, ci, status, said):
    def lame(run):
        """needs what nobody has"""
        verify.needs("no-such-program", "no-such-package")

    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(verify, "PARTS", {"lame": lame})
    assert run() == status
    output = capfd.readouterr().out
    assert "no-such-program is missing (no-such-package in Debian)" in output
    assert f"lame: {said}" in output


def test_an_unknown_part_is_refused_with_the_known_ones(capfd):
    assert run("everything") == 2
    assert "engine, sqlite, postgresql" in capfd.readouterr().err


def test_every_part_says_what_it_does():
    assert all(part.__doc__ for part in verify.PARTS.values())
