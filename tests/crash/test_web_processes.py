"""A web of several processes on one socket: callers are shared out evenly, any of them may die, none outlives the one
that forked it (builder/forking.py, builder/accepting.py)."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
from collections import Counter

import psutil
import pytest

from tests.crash.instance import ROOT, kill
from tests.crash.storm import post_all, running, settle
from tests.until import until

CALLERS = 16


@pytest.fixture
def web(tmp_path, database):
    """An instance whose web has two processes, and serves."""
    with running(tmp_path, database, "web", WEBS="2") as (instance, _):
        until(lambda: len(servers_of(instance)) == 2, words="no two of them")
        until(lambda: answers(instance), words="nobody answers")
        yield instance


def servers_of(instance) -> list[psutil.Process]:
    """The processes that serve: neither who keeps them, nor who is just importing; those have one thread."""
    return [process for process in instance.processes("web")[1:] if threads(process) > 1]


def threads(process) -> int:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.num_threads()
    return 0


def answers(instance) -> bool:
    with contextlib.closing(http.client.HTTPConnection(*instance.address, timeout=10)) as line:
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status == 200
        except OSError:
            return False


@contextlib.contextmanager
def callers(instance, count):
    """So many who keep their connections, each of which has been answered."""
    with contextlib.ExitStack() as stack:
        lines = []
        for _ in range(count):
            line = stack.enter_context(contextlib.closing(http.client.HTTPConnection(*instance.address, timeout=10)))
            line.request("GET", "/healthz")
            line.getresponse().read()
            lines.append(line)
        yield lines


def shared_out(instance) -> Counter:
    """{process: how many connections it has}."""
    port = instance.address[1]
    return Counter(
        {
            process.pid: sum(
                line.status == "ESTABLISHED" and line.laddr.port == port for line in process.net_connections("tcp")
            )
            for process in servers_of(instance)
        }
    )


def shares_evenly(instance) -> bool:
    with callers(instance, CALLERS):
        shares = shared_out(instance).values()
        return sum(shares) == CALLERS and len(shares) == 2 and min(shares) >= CALLERS // 2 - 2


def log_of(instance) -> str:
    return (instance.folder / "log").read_text()


def test_who_calls_is_shared_out_evenly(web):
    until(lambda: shares_evenly(web), words=lambda: f"they never do: {shared_out(web)}")


def test_when_one_dies_the_other_answers_and_another_takes_its_place(web):
    first, second = servers_of(web)
    kill(first)
    assert answers(web)
    until(lambda: len(servers_of(web)) == 2 and first not in servers_of(web), words="nobody took its place")
    assert second in servers_of(web), "the other one went on"
    assert "web process 1 of 2 ended (killed by SIGKILL); another takes its place" in log_of(web)
    until(lambda: shares_evenly(web), words="the new one does not take its share")


def test_one_that_is_stopped_keeps_no_new_caller_waiting(web):
    stopped = servers_of(web)[0]
    stopped.send_signal(signal.SIGSTOP)
    try:
        with callers(web, CALLERS):
            assert shared_out(web)[stopped.pid] == 0
    finally:
        stopped.send_signal(signal.SIGCONT)


def test_what_a_caller_may_ask_in_a_second_is_counted_in_all_of_them_together():
    """Each of two processes takes half of it; the next is one too many, whoever it asks."""
    program = (
        "import os, time; from runtime import fair_use as f; time.time = lambda: 7.0; child = os.fork(); "
        "child and os.wait(); [f.times_in_this_second('key') for _ in range(50)]; "
        "child and print(f.times_in_this_second('key'), f.times_in_this_second('other'))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.stdout.split() == ["101", "1"], done.stderr


def test_none_outlives_the_one_that_forked_them(web):
    family = web.processes("web")
    kill(family[0])
    until(lambda: not any(alive(one) for one in family), words="some serve on, watched by nobody")


def test_who_had_begun_to_ask_when_the_one_that_forked_them_died_is_answered(web):
    """Those it leaves take nobody new, and answer whom they have."""
    event = json.dumps({"type": "call.ended", "id": "late", "interaction": {"id": "late"}}).encode()
    with contextlib.closing(http.client.HTTPConnection(*web.address, timeout=10)) as line:
        line.putrequest("POST", "/api/v1/events/")
        line.putheader("Authorization", f"Bearer {web.key}")
        line.putheader("Content-Type", "application/json")
        line.putheader("Content-Length", str(len(event)))
        line.endheaders(event[:10])
        until(lambda: sum(shared_out(web).values()) == 1, words="nobody took it")
        family = web.processes("web")
        kill(family[0])
        web.parts["web"].wait(20)
        until(lambda: not any(map(listens, family)), words="they go on taking callers")
        line.send(event[10:])
        assert line.getresponse().status == 202
    until(lambda: not any(alive(one) for one in family), words="some serve on, watched by nobody")


def listens(process) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(line.status == psutil.CONN_LISTEN for line in process.net_connections("tcp"))
    return False


def test_all_end_when_they_are_told_to(web):
    family = web.processes("web")
    family[0].terminate()
    assert web.parts["web"].wait(15) == 0
    assert not any(alive(one) for one in family)
    assert "takes its place" not in log_of(web)


def test_events_are_kept_whoever_of_the_web_is_killed(tmp_path, database):
    with running(tmp_path, database, "web", "worker", WEBS="2") as (instance, peer):
        peer.failing = 0
        accepted = post_all(instance, "before", 5)
        for turn in range(6):
            until(lambda: len(servers_of(instance)) == 2, 30)
            kill(instance.processes("web")[turn % 3])
            if turn % 3 == 0:  # the one that forks: what it left may answer for a moment yet
                instance.parts["web"].wait(20)
                instance.ensure()
            until(lambda: answers(instance), 30, "nobody answers")
            accepted |= post_all(instance, f"turn{turn}", 5)
        settle(instance)
        found = instance.query("SELECT count(*) FROM runtime_run WHERE status = 'succeeded'")[0][0]
        assert found == len(accepted)
        assert instance.query("SELECT count(*) FROM runtime_event")[0][0] == len(accepted)


def test_the_two_that_are_busy_keep_to_cores_of_their_own(web):
    cores = min(2, len(os.sched_getaffinity(0)))
    until(lambda: all(len(one.cpu_affinity()) == 1 for one in servers_of(web)))
    assert len({tuple(one.cpu_affinity()) for one in servers_of(web)}) == cores


def test_who_drives_runs_interrupts_nobody_who_answers(tmp_path, database):
    with running(tmp_path, database, "web", "worker", WEBS="2") as (instance, peer):
        peer.failing = 0
        post_all(instance, "one", 4)
        settle(instance)
        policies = {name: {policy for one in instance.processes(name) for policy in policies_of(one)}
                    for name in ("web", "worker")}  # fmt: skip
        assert os.SCHED_BATCH in policies["worker"]
        assert policies["web"] == {os.SCHED_OTHER}


def policies_of(process) -> set[int]:
    """How the kernel schedules each of its threads."""
    return {os.sched_getscheduler(thread.id) for thread in process.threads()}


def test_it_gives_up_where_none_can_start():
    done = forked("forking.FIRST_BACKOFF = 0; forking.begin(2, list); sys.exit(7)")
    assert done.returncode == 1, done.stderr
    assert 5 <= done.stdout.count("ended (status 7)") <= 6, done.stdout


def test_it_gives_up_where_nothing_can_be_imported():
    done = forked("forking.FIRST_BACKOFF = 0; forking.begin(2, lambda: sys.exit(7))")
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("no web process could be started (status 7)") == 5, done.stdout


def test_who_is_killed_while_it_imports_is_started_again():
    """The second finds what the first left, and comes as far as to serve."""
    done = forked(
        "import os; begun = os.memfd_create('begun'); "
        "load = lambda: os.fstat(begun).st_size or os.write(begun, b'x') and os.kill(os.getpid(), 9); "
        "forking.begin(2, load); print('serves', flush=True); os.kill(os.getppid(), 15)"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("no web process could be started (killed by SIGKILL); trying again") == 1, done.stdout
    assert "serves" in done.stdout


def test_who_is_told_to_end_while_all_is_imported_ends():
    program = "import os, time; forking.begin(2, lambda: os.kill(os.getppid(), 15) or time.sleep(60)); sys.exit(7)"
    done = forked(program)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_what_cannot_be_found_out_ends_it():
    done = forked("forking.ask(lambda: 1 // 0); print('went on')")
    assert done.returncode == 1
    assert "went on" not in done.stdout
    assert done.stderr.count("ZeroDivisionError") == 1, done.stderr


def test_who_keeps_them_is_small(web):
    """It holds on to nothing that those who serve have imported."""
    keeper, *servers = web.processes("web")
    assert resident(keeper) < 0.4 * min(map(resident, servers)), [resident(keeper), *map(resident, servers)]


def resident(process) -> int:
    return process.memory_info().rss


def forked(program) -> subprocess.CompletedProcess:
    program = f"import sys; from builder import forking; {program}"
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)


def alive(process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
