"""The process that forks one confined child per program. Started bare: `python -I zygote.py`, empty environment.

It never runs a program itself and knows nothing worth stealing. Standard input is a socket to the worker. The worker
sends (source, inputs) and is answered; when the socket closes, because the worker ended or died, so does this.

Frames. To us: `>cdII` what (b"R" run, b"C" only compile), seconds, length of the source, length of the inputs; then
both, UTF-8. From us: b"S" when a program starts, then `>cII` kind, length of the payload, the child's largest memory
in KiB; kinds: b"R" the child answered, b"T" stopped at the wall clock, b"D" it died (payload: the signal or status),
b"L" its answer was too long. First of all b"+" (confined) or b"-" and a line of what a child could still do.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import struct
import sys
import time
from functools import partial

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), *sys.argv[1:2]]

import _quickjs  # noqa: E402  (not `quickjs`: that starts a thread, and we fork)
from confinement import Confinement, attempts, become_nobody  # noqa: E402

MEMORY = 64 * 1024 * 1024
LONGEST_ANSWER = (
    1_400_000  # the prelude keeps to less: 1 MiB of result, 16 KB of console, and what UTF-8 adds is refused
)
MOST_JOBS = 100_000  # turns of promises
BEFORE_PROGRAM, AFTER_PROGRAM = '(async function (inputs, console) { "use strict";\n', "\n})"
REQUEST, ANSWER = struct.Struct(">cdII"), struct.Struct(">cII")


def main() -> None:
    worker = socket.socket(fileno=0)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # where memory runs out, the kernel ends a sandbox and nobody else
    with open(os.path.join(sys.path[0], "prelude.js"), encoding="utf-8") as file:
        prelude = file.read()
    become_nobody()
    confinement = Confinement(*sys.argv[2:3])
    gc.freeze()
    still_possible = _answer_of(partial(_probe, confinement), 5)[1].decode()
    worker.sendall((b"-" + still_possible.encode() if still_possible else b"+") + b"\n")
    while request := _read(worker, REQUEST.size):
        what, seconds, source_length, inputs_length = REQUEST.unpack(request)
        source, inputs = (_read(worker, length).decode() for length in (source_length, inputs_length))
        worker.sendall(b"S")
        perform = (
            partial(_compile, source, seconds) if what == b"C" else partial(_run, prelude, source, inputs, seconds)
        )
        kind, payload, memory = _answer_of(partial(_confined, confinement, perform), seconds, worker)
        worker.sendall(ANSWER.pack(kind, len(payload), memory) + payload)


def _answer_of(child, seconds, worker=None):
    """Fork, let the child write its answer, and see to it that it is gone when this returns."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            child(writing)
        os._exit(1)
    os.close(writing)
    kind, answer = _listen(reading, time.monotonic() + seconds, worker)
    if kind != b"R":
        os.kill(pid, signal.SIGKILL)
    os.close(reading)
    _, status, usage = os.wait4(pid, 0)
    if kind == b"R" and status:
        kind, answer = b"D", str(os.waitstatus_to_exitcode(status)).encode()
    return kind, answer, usage.ru_maxrss


def _listen(reading, until, worker):
    parts, length = [], 0
    while True:
        watched = [reading] if worker is None else [reading, worker]
        ready, _, _ = select.select(watched, [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return b"T", b""
        if worker in ready and reading not in ready:  # it has nothing to say while it waits: it is gone
            return b"T", b""
        part = os.read(reading, 65536)
        if not part:
            return b"R", b"".join(parts)
        parts.append(part)
        length += len(part)
        if length > LONGEST_ANSWER:
            return b"L", b""


def _confined(confinement, perform, out):
    os.dup2(out, 1)
    os.closerange(2, 64)
    os.close(0)
    confinement.enter()
    answer = memoryview(perform().encode("utf-8", "replace"))
    while answer:
        answer = answer[os.write(1, answer) :]
    os._exit(0)


def _probe(confinement, out):
    took_hold = confinement.enter()
    possible = attempts() or ([] if took_hold else ["call the kernel"])
    os.write(out, ", ".join(possible).encode())
    os._exit(0)


def _engine(seconds):
    context = _quickjs.Context()
    context.set_memory_limit(MEMORY)
    context.set_time_limit(seconds)  # of CPU time; the wall clock is the zygote's
    return context


def _run(prelude, source, inputs, seconds) -> str:
    """A JSON head {"state", "nothing", "error", "stack", "console"}, a newline, the result as JSON."""
    context = _engine(seconds * 0.85)  # a little before the wall clock, so that what was printed is not lost
    harness = context.eval(prelude)()
    state, error = "syntax", ""
    try:
        program = context.eval(BEFORE_PROGRAM + source + AFTER_PROGRAM)
        state = "failed"
        harness("start", program, inputs)
        state = _take_turns(context, seconds * 0.85)
    except _quickjs.JSException as raised:
        error = str(raised)
    except MemoryError:
        state = "memory"
    return _head(context, harness, state, error) + "\n" + harness("result")


def _take_turns(context, seconds) -> str:
    """Let promises go on until none is left; the engine's own clock starts anew with each."""
    for _ in range(MOST_JOBS):
        left = seconds - time.process_time()
        if left <= 0:
            return "time"
        context.set_time_limit(left)
        if not context.execute_pending_job():
            return ""
    return "jobs"


def _head(context, harness, state, error) -> str:
    context.set_time_limit(0.1)
    try:
        return harness("head", state, error[:4000])
    except (_quickjs.JSException, MemoryError):  # no room is left to tell more
        return f'{{"state": "{state}", "console": []}}'


def _compile(source, seconds) -> str:
    """Only parsed: the script throws before it reaches the program, however that is written."""
    try:
        _engine(seconds * 0.85).eval("throw null; " + BEFORE_PROGRAM + source + AFTER_PROGRAM)
    except _quickjs.JSException as raised:
        return str(raised)[:4000] if str(raised).startswith("SyntaxError") else ""
    return ""


def _read(worker, length):
    parts = b""
    while len(parts) < length:
        part = worker.recv(min(1 << 20, length - len(parts)))
        if not part:
            return b""
        parts += part
    return parts


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
