"""A step that never comes back: the queue's own time-out ends its process, and everything goes on."""

import psutil

from tests.crash import invariants
from tests.crash.instance import Instance
from tests.crash.storm import post_all, running, settle
from tests.until import until


def lives(pid) -> bool:
    """Whether it runs; one that has ended may be kept in the table until its parent looks."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def living(instance) -> int:
    """How many processes of the worker's tree live."""
    return sum(lives(process.pid) for process in instance.processes("worker"))


def test_the_only_worker_with_a_step_that_never_returns_is_replaced_and_nothing_is_doubled(
    tmp_path, database, monkeypatch
):
    monkeypatch.setattr(Instance, "stage", "tests.crash.hanging.stage")
    mark = tmp_path / "hung"
    hanging = {"DJANGO_SETTINGS_MODULE": "tests.crash.hanging.settings", "HANG_MARK": str(mark), "WORKERS": "1"}
    with running(tmp_path, database, "web", "worker", WATCHDOG_SECONDS="60", **hanging) as (instance, peer):
        accepted = post_all(instance, "hung", 1)
        until(lambda: mark.exists() and mark.read_text(), 60, "no step ever hung")
        hung, tree = int(mark.read_text()), living(instance)
        accepted |= post_all(instance, "after", 3)
        settle(instance)
        invariants.check_intake(instance, accepted)
        invariants.check_ends(instance)
        invariants.check_witness(instance)
        steps = instance.query("SELECT status, attempt FROM runtime_steprun WHERE type = 'hang'")
        assert steps == [("succeeded", 1)] * len(accepted)
        keys = {(path, key) for path, key, _ in peer.calls}
        assert len(keys) == 2 * len(accepted), "a call was made under another key"
        until(lambda: not lives(hung), 30, "the process that hung is still there")
        until(lambda: living(instance) == tree, 30, "the worker's tree is not whole")
        assert "after timeout" in (instance.folder / "log").read_text(errors="replace"), "it was not the queue's kill"
