"""What a sandboxed process gives up before it runs a program: files, sockets, other processes, and more than its share.

Two walls that do not know of each other: resource limits, and a seccomp filter that answers every system call outside
a short list with EPERM. Standard library only, and nothing of Segue: the zygote imports this file by its path.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys

MEGABYTE = 1024 * 1024
ADDRESS_SPACE = 256 * MEGABYTE  # what a program may take in all; the engine's own limit is far below
CPU_SECONDS = 2

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 1, 38, 22, 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM
EXECUTABLE = 0x4  # PROT_EXEC
NOBODY = 65534

# (audit architecture, {name: number}) by machine; numbers from the kernel's asm/unistd.h. All an engine needs that
# only computes: its memory, its clock, its locks, one answer, its end.
MACHINES = {
    "x86_64": (0xC000003E, {
        "write": 1, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
        "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25, "madvise": 28, "getpid": 39, "exit": 60,
        "gettimeofday": 96, "time": 201, "futex": 202, "restart_syscall": 219, "clock_gettime": 228,
        "clock_getres": 229, "exit_group": 231,
    }),
    "aarch64": (0xC00000B7, {
        "write": 64, "mmap": 222, "mprotect": 226, "munmap": 215, "brk": 214, "rt_sigaction": 134,
        "rt_sigprocmask": 135, "rt_sigreturn": 139, "sched_yield": 124, "mremap": 216, "madvise": 233, "getpid": 172,
        "exit": 93, "gettimeofday": 169, "futex": 98, "restart_syscall": 128, "clock_gettime": 113,
        "clock_getres": 114, "exit_group": 94,
    }),
}  # fmt: skip


class Confinement:
    """Prepared once, entered by every child: `enter` has nothing left to import, to open or to look up."""

    def __init__(self, machine: str = ""):
        self.machine = machine or platform.machine()
        self.library = ctypes.CDLL(None, use_errno=True)
        known = sys.platform == "linux" and self.machine in MACHINES
        self.filter = _filter(*MACHINES[self.machine]) if known else None
        self._program = _as_program(self.filter) if self.filter else None

    def enter(self) -> bool:
        """Give everything up; whether the seccomp filter took hold."""
        if sys.platform == "linux":
            self.library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        for limit, value in (
            (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, ADDRESS_SPACE), (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_NPROC, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 0),
        ):  # fmt: skip
            resource.setrlimit(limit, (value, value))
        if self._program is None or self.library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            return False
        return self.library.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(self._program), 0, 0) == 0


def become_nobody() -> None:
    """RLIMIT_NPROC does not bind root, and a breakout should own nothing: leave root's rights, where we have them."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def attempts() -> list[str]:
    """The names of what this process could still do, tried out: empty inside a strong sandbox."""
    tries = {"open a file": _open, "open a socket": _socket, "fork": _fork, "signal others": _signal,
             "make code": _make_code}  # fmt: skip
    return [name for name, attempt in tries.items() if attempt()]


def _open() -> bool:
    return _works(lambda: os.open("/", os.O_RDONLY))


def _socket() -> bool:
    return ctypes.CDLL(None).socket(2, 1, 0) >= 0


def _fork() -> bool:
    try:
        if os.fork() == 0:
            os._exit(0)
    except OSError:
        return False
    return True


def _signal() -> bool:
    return _works(lambda: os.kill(os.getppid(), 0))


def _make_code() -> bool:
    mmap = ctypes.CDLL(None).mmap
    mmap.restype = ctypes.c_ssize_t
    return mmap(None, ctypes.c_size_t(4096), 1 | EXECUTABLE, 0x22, -1, ctypes.c_long(0)) != -1


def _works(attempt) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _filter(architecture: int, numbers: dict[str, int]) -> bytes:
    """The BPF program: right architecture, a call on the list, and no memory that is executable."""
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF_LD|ABS, JEQ, JGE, JSET, RET
    code = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, REFUSE), (load, 0, 0, 0)]
    code += [(at_least, 0, 1, 0x40000000), (answer, 0, 0, REFUSE)]  # the x32 numbers of x86_64
    for name, number in sorted(numbers.items(), key=lambda item: item[1]):
        if name in ("mmap", "mprotect"):  # args[2] is the protection; its low half is 32 bytes in
            code += [(equal, 0, 4, number), (load, 0, 0, 32), (any_bit, 0, 1, EXECUTABLE), (answer, 0, 0, REFUSE)]
        else:
            code += [(equal, 0, 1, number)]
        code += [(answer, 0, 0, ALLOW)]
    code += [(answer, 0, 0, REFUSE)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def _as_program(code: bytes) -> _Program:
    return _Program(len(code) // 8, code)
