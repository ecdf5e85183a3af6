"""Several machines in one: network namespaces with their own addresses and names where the test may make them (root on
Linux), plain processes with their own data directories elsewhere.
"""

import contextlib
import ctypes
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

PORT = 8000
CLONE_NEWNET = 0x40000000
NAMED = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"']


@dataclass
class Host:
    """A machine: what its processes are started through, and the address others reach it at."""

    name: str
    address: str
    prefix: list[str] = field(default_factory=list)


@dataclass
class Network:
    """Where the database and the peer are, as seen from every host."""

    hub: str
    hosts: list[Host]
    real: bool


@contextlib.contextmanager
def network(count: int) -> Iterator[Network]:
    if not _may_make_namespaces():
        yield Network("127.0.0.1", [Host(f"host{number}", "127.0.0.1") for number in range(count)], real=False)
        return
    net, mark = random.randrange(10, 250), os.urandom(2).hex()
    hub = f"10.{net}.0.1"
    with _own_namespace(), contextlib.ExitStack() as stack:
        _ip("addr", "add", f"{hub}/32", "dev", "lo")
        stack.callback(_ip, "addr", "del", f"{hub}/32", "dev", "lo")
        hosts = [_make(stack, f"s{mark}{number}", f"10.{net}.{number + 1}", hub) for number in range(count)]
        yield Network(hub, hosts, real=True)


@contextlib.contextmanager
def _own_namespace() -> Iterator[None]:
    """This thread, and what it starts, in a network namespace that ends with it.

    Cables laid in the machine's own would be a change of network to each browser on it, which then breaks off what it
    is connecting (ERR_NETWORK_CHANGED): those of the browser tests run beside these.
    """
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _call("unshare", CLONE_NEWNET)
        try:
            _ip("link", "set", "lo", "up")
            yield
        finally:
            _call("setns", before, CLONE_NEWNET)
    finally:
        os.close(before)


def _call(name: str, *numbers: int) -> None:
    """What Python itself has from 3.12 on (os.unshare, os.setns)."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*numbers):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def _make(stack, name: str, net: str, hub: str) -> Host:
    ours, theirs = f"{name}a", f"{name}b"
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "del", name)  # its end of the cable goes with it, and so does ours
    _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
    _ip("addr", "add", f"{net}.1/24", "dev", ours)
    _ip("link", "set", ours, "up")
    for command in (["addr", "add", f"{net}.2/24", "dev", theirs], ["link", "set", theirs, "up"],
                    ["link", "set", "lo", "up"], ["route", "add", f"{hub}/32", "via", f"{net}.1"]):  # fmt: skip
        _ip("-n", name, *command)
    return Host(name, f"{net}.2", ["ip", "netns", "exec", name, *NAMED, name])


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _may_make_namespaces() -> bool:
    if not (sys.platform.startswith("linux") and os.geteuid() == 0 and shutil.which("ip") and shutil.which("unshare")):
        return False
    name = f"try{os.urandom(2).hex()}"
    try:
        _ip("netns", "add", name)
        try:
            _ip("-n", name, "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b")
        finally:
            _ip("netns", "del", name)
    except subprocess.CalledProcessError:
        return False
    return subprocess.call([*NAMED, name, "true"], stderr=subprocess.DEVNULL) == 0
