"""Two machines that share nothing but a PostgreSQL, without Redis: each does work, either may die, timers fire once."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import servers
from tests.crash import invariants
from tests.crash.hosts import PORT, network
from tests.crash.instance import kill
from tests.crash.storm import post_all, running, settle
from tests.until import until


@pytest.fixture
def machines(tmp_path):
    """(instance, peer, network): web and worker on each of two machines."""
    with network(2) as made, servers.postgresql_server(listen=made.hub if made.real else "") as server:
        url = server.url.replace("127.0.0.1", made.hub)
        with running(tmp_path, url, hub=made.hub, REDIS_URL="") as (instance, peer):
            instance.addresses = []
            for host in made.hosts:
                port = PORT if made.real else servers.free_port()
                instance.listening[f"web-{host.name}"] = (host.address, port)
                instance.addresses.append((host.address, port))
                for part in parts_of(host):
                    instance.prefix[part] = host.prefix
            yield instance, peer, made


def parts_of(host):
    return f"web-{host.name}", f"worker-{host.name}"


def test_machines_share_the_work_and_either_may_die(tmp_path, machines):
    instance, peer, made = machines
    first, second = made.hosts
    instance.start(*parts_of(first), *parts_of(second))
    accepted = {}

    def each_has_worked():  # the worker of one may still be starting while the other ends the first events
        accepted.update(post_all(instance, f"both{len(accepted)}", 60, threads=8))
        settle(instance)
        return not made.real or set(peer.callers) == {first.address, second.address}

    until(each_has_worked, 60, "one machine does all the work")
    for turn, (dying, staying) in enumerate([(first, second), (second, first)]):
        accepted |= post_all(instance, f"before{turn}", 20, threads=8)
        began, calls = time.monotonic(), len(peer.calls)
        for part in parts_of(dying):
            for process in instance.processes(part):
                kill(process)
            instance.parts.pop(part).wait()
        accepted |= post_all(instance, f"during{turn}", 20, threads=8)
        settle(instance)
        print(f"{staying.name} alone ended everything within {time.monotonic() - began:.1f} s")
        if made.real:
            assert peer.callers[-1] == staying.address
        assert len(peer.calls) > calls
        instance.start(*parts_of(dying))
    for _ in range(10):
        instance.make_schedule_due()
        until(lambda: not instance.schedule_is_due(), 30, "nobody fired the schedule")
    settle(instance)
    assert instance.query("SELECT count(*) FROM runtime_event WHERE source = 'schedule'") == [(10,)]
    invariants.check(instance, accepted, peer.calls)


def test_an_event_taken_by_one_machine_wakes_the_worker_of_the_other(machines):
    instance, peer, made = machines
    first, second = made.hosts
    instance.start(parts_of(first)[0], parts_of(second)[1])
    instance.addresses = instance.addresses[:1]
    accepted = post_all(instance, "warm", 3)
    settle(instance)
    for turn in range(5):
        accepted |= post_all(instance, f"bell{turn}", 1)
        until(lambda turn=turn: any(f'"bell{turn}-0"' in body for _, _, body in peer.calls), 10, "the worker slept on")
    settle(instance)
    if made.real:
        assert set(peer.callers) == {second.address}
    invariants.check(instance, accepted, peer.calls)


def test_the_machines_cables_are_laid_where_no_browser_of_this_one_hears_of_them():
    with ThreadPoolExecutor(1) as bystander:  # stays in the namespace it was begun in
        before = bystander.submit(cables).result()
        with network(1) as made:
            assert bystander.submit(cables).result() == before
            assert (cables() != before) is made.real
        assert cables() == before


def cables():
    lines = Path("/proc/thread-self/net/dev").read_text().splitlines()
    return sorted(line.split(":")[0].strip() for line in lines if ":" in line)
