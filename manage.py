"""Segue's command line. It needs nothing but Python: what is missing is installed into `.venv` first.

`python3 manage.py up` and `python3 manage.py verify` work on a bare checkout. A Python that already has every pinned
dependency is used as it is; any other makes `.venv` beside this file from the hashed lock and goes on in it. Up to
the check of its version this file stays readable for old Pythons, so that they can say what is wrong.
"""

import hashlib
import os
import re
import subprocess
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
LOCK, DEV_LOCK = "requirements.txt", "requirements-dev.txt"  # the second holds the first and what tests need


def main():
    refuse_old_python()
    lock = DEV_LOCK if sys.argv[1:2] in (["verify"], ["lock"]) else LOCK
    if not has_dependencies(lock):
        go_on_in(prepared_venv(lock))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "builder.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def refuse_old_python():
    if sys.version_info < OLDEST:
        stop(
            f"Segue needs Python {OLDEST[0]}.{OLDEST[1]} or newer; {sys.executable} is {sys.version.split()[0]}.\n"
            "Install a newer one and name it, for example: python3.12 manage.py up"
        )


def has_dependencies(lock):
    """Whether this Python has each pinned package, in its version."""
    if inside_venv() and stamped(lock):
        return True
    from importlib.metadata import PackageNotFoundError, version

    for name, pins in pinned(lock).items():
        try:
            if version(name) not in pins["versions"]:
                return False
        except PackageNotFoundError:
            if not pins["conditional"]:
                return False
    return True


def pinned(lock):
    """{name: {"versions", "conditional": only some platforms need it}} of a lock file."""
    pins = {}
    with open(os.path.join(ROOT, lock), encoding="utf-8") as lines:
        for name, exact, marker in re.findall(r"^([\w.-]+)==([^\s;\\]+)[ ]*(;[^\\\n]*)?", lines.read(), re.MULTILINE):
            pin = pins.setdefault(name, {"versions": set(), "conditional": bool(marker)})
            pin["versions"].add(exact)
    return pins


def prepared_venv(lock):
    """The Python of `.venv`, made and filled where needed."""
    python = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin", "python.exe" if os.name == "nt" else "python")
    if not os.path.exists(python) or not (stamped(lock) or has_pip(python)):
        say(f"making .venv with Python {sys.version.split()[0]}")
        if run([sys.executable, "-m", "venv", "--clear", VENV]):
            stop("Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv")
    if not stamped(lock):
        say(f"installing the dependencies pinned in {lock} (once; about half a minute)")
        install = [python, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", "--no-input"]
        if run([*install, "--require-hashes", "-r", os.path.join(ROOT, lock)]):
            stop(
                "The dependencies could not be installed; pip's message is above.\n"
                "It needs the Python package index, directly or through a mirror or proxy that pip is set up for "
                "(PIP_INDEX_URL, HTTPS_PROXY).\nRun the same command again: it goes on where it stopped."
            )
        stamp(lock)
    return python


def inside_venv():
    return os.path.realpath(sys.prefix) == os.path.realpath(VENV)


def has_pip(python):
    return not run([python, "-c", "import pip"], stderr=subprocess.DEVNULL)


def stamped(lock):
    """Whether `.venv` was filled from this very lock file."""
    try:
        with open(stamp_of(lock), encoding="ascii") as kept:
            return kept.read() == digest(lock)
    except OSError:
        return False


def stamp(lock):
    for filled in {lock, LOCK}:
        with open(stamp_of(filled), "w", encoding="ascii") as kept:
            kept.write(digest(filled))


def stamp_of(lock):
    return os.path.join(VENV, "." + lock + ".sha256")


def digest(lock):
    with open(os.path.join(ROOT, lock), "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()


def go_on_in(python):
    command = [python, os.path.join(ROOT, "manage.py"), *sys.argv[1:]]
    sys.stdout.flush()
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(python, command)


def run(command, **options):
    return subprocess.call(command, **options)


def say(text):
    print("[segue] " + text, flush=True)


def stop(text):
    sys.exit("[segue] " + text.replace("\n", "\n[segue] "))


if __name__ == "__main__":
    main()
