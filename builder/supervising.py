"""Keep a few child processes alive, and leave none behind. Standard library only: this process stays small.

`manage.py up` does its set-up with Django, then becomes this module (`os.execv`), which starts the children of a plan
and watches them:

- Each child leads a session of its own, so Ctrl-C reaches only us and the order of stopping is ours.
- Each child's standard input is a pipe that we hold open and never write to. When we die, however we die, the kernel
  closes it, and the child ends itself (`end_with_supervisor`). It reads the raw descriptor: `sys.stdin` would hold its
  lock across the forks of django-q2.
- A child that ends is started again after 0.5 s, then twice as long each time up to 30 s; half a minute of life starts
  the count anew. Five ends in a minute are a fault that restarting does not cure: everything stops, exit status 1, so
  that systemd or a container sees it.
- After a child's end its whole group is told to end, and killed before another is started: what it left would go on
  taking work, but may finish what it has.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque

ASKED_TO_END = (signal.SIGTERM, signal.SIGINT)
SUPERVISED = "SEGUE_SUPERVISED"  # set for children: their standard input is our pipe
FIRST_BACKOFF, LONGEST_BACKOFF, STEADY_AFTER = 0.5, 30.0, 30.0
FAILURES, WITHIN_SECONDS = 5, 60.0
LOOK_EVERY = 0.2


class Child:
    """One supervised process: `argv`, the descriptors it inherits, the `grace` seconds it gets to stop."""

    def __init__(self, name, argv, descriptors=(), grace=10.0):
        self.name, self.argv, self.descriptors, self.grace = name, argv, descriptors, grace
        self.process = None
        self.group = None  # the process group of the last one, while something of it may be left
        self.started_at = 0.0
        self.start_at = 0.0  # while down: when to start again
        self.backoff = FIRST_BACKOFF
        self.failures = deque(maxlen=FAILURES)

    def start(self):
        self._tell_group(signal.SIGKILL)
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE, pass_fds=self.descriptors, start_new_session=True, bufsize=0,
            env={**os.environ, SUPERVISED: "1"},
        )  # fmt: skip
        self.group = self.process.pid
        self.started_at = time.monotonic()

    def ended(self) -> bool:
        """Whether it has ended since the last look."""
        return self.process is not None and self.process.poll() is not None

    def bury(self, now) -> int:
        """Clear up after its end; says when to start again. Returns its exit status."""
        status = self.process.returncode
        self._tell_group(signal.SIGTERM)
        self.process.stdin.close()
        self.process = None
        if now - self.started_at > STEADY_AFTER:
            self.backoff = FIRST_BACKOFF
        self.failures.append(now)
        self.start_at = now + self.backoff
        self.backoff = min(self.backoff * 2, LONGEST_BACKOFF)
        return status

    def beyond_help(self, now) -> bool:
        return len(self.failures) == FAILURES and now - self.failures[0] < WITHIN_SECONDS

    def stop(self) -> bool:
        """Ask, wait for the grace, then kill the group. Whether asking was enough."""
        if self.process is None:
            self._tell_group(signal.SIGKILL)
            return True
        self.process.terminate()
        try:
            self.process.wait(self.grace)
            return True
        except subprocess.TimeoutExpired:
            return False
        finally:
            self._tell_group(signal.SIGKILL)
            self.process.wait()

    def watch_what_is_left(self):
        """Soon after a group has gone its number may be somebody else's."""
        self._tell_group(0)

    def _tell_group(self, number):
        """Send a signal to all that is left of the last one's group, if anything is; 0 only looks."""
        if self.group is None:
            return
        try:
            os.killpg(self.group, number)
        except (ProcessLookupError, PermissionError):
            self.group = None


class Supervisor:
    """Runs `children` until SIGINT or SIGTERM; they are stopped in the order given."""

    def __init__(self, children):
        self.children = children
        self.stopping = False

    def run(self) -> int:
        """Returns the exit status: 0 after a signal, 1 when a child kept failing."""
        for number in ASKED_TO_END:
            signal.signal(number, self._told)
        for child in self.children:
            child.start()
        failed = self._watch()
        self._stop()
        for number in ASKED_TO_END:
            signal.signal(number, signal.SIG_IGN)  # told again while Python ends, it would end by the signal
        return 1 if failed else 0

    def _told(self, *_):
        """No `threading.Event`: told again within its `set` or `wait`, it would wait for itself."""
        self.stopping = True

    def _watch(self):
        """Restart what ends; returns the child that kept failing, None after a signal."""
        while True:
            time.sleep(LOOK_EVERY)
            if self.stopping:
                return None
            now = time.monotonic()
            for child in self.children:
                if child.ended():
                    status = child.bury(now)
                    if child.beyond_help(now):
                        say(f"{child.name} ended {FAILURES} times within {WITHIN_SECONDS:.0f} s: giving up")
                        return child
                    say(f"{child.name} ended ({in_words(status)}); again in {child.start_at - now:.1f} s")
                elif child.process is None and now >= child.start_at:
                    child.start()
                elif child.process is None:
                    child.watch_what_is_left()

    def _stop(self):
        say("stopping")
        began = time.monotonic()
        for child in self.children:
            if not child.stop():
                say(f"{child.name} did not stop within {child.grace:.0f} s and was killed")
        say(f"stopped in {time.monotonic() - began:.1f} s")


def in_words(status: int) -> str:
    """How a process ended, by its exit status."""
    return f"status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"


def end_with_supervisor(grace=10.0):
    """For a child: end with its group when the supervisor's end of standard input closes; insist after `grace` s.

    Does nothing where nobody supervises: a service manager's standard input says nothing.
    """
    if os.environ.get(SUPERVISED) != "1":
        return

    def watch():
        try:
            while os.read(0, 64):
                pass
        except OSError:
            pass
        os.killpg(0, signal.SIGTERM)  # us, and what we started: we lead the group
        time.sleep(grace)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="end-with-supervisor").start()


def say_when_served(host, port, lines):
    """Print `lines` as soon as the web child answers; the listening socket is open long before."""

    def ask():
        try:
            with socket.create_connection((host, port), timeout=120) as connection:
                connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                answered = connection.recv(1)
        except OSError:
            return
        if answered:
            for line in lines:
                say(line)

    threading.Thread(target=ask, daemon=True, name="say-when-served").start()


def say(text):
    print(f"[segue] {text}", flush=True)


def main():
    """Carry out the plan in SEGUE_PLAN: {"children": [...], "served": {"host", "port", "lines"}} as JSON."""
    plan = json.loads(os.environ.pop("SEGUE_PLAN"))
    say_when_served(**plan["served"])
    sys.exit(Supervisor([Child(**child) for child in plan["children"]]).run())


if __name__ == "__main__":
    main()
