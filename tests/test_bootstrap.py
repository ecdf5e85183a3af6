"""manage.py on a bare checkout: it uses what is there, installs what is not, and says what is wrong in plain words."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import django
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def checkout(tmp_path):
    """A folder with manage.py and the locks, and nothing else."""
    for name in ("manage.py", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(checkout, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=checkout, capture_output=True, text=True, timeout=120,
        env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_python_with_all_pinned_packages_is_used_as_it_is(checkout):
    done = run(checkout, "version")
    assert done.stdout.strip() == django.__version__
    assert not (checkout / ".venv").exists()


def test_without_the_packages_or_a_network_it_says_so(checkout):
    (checkout / "requirements.txt").write_text("no-such-package-of-segue==1 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = run(checkout, "version", PIP_EXTRA_INDEX_URL="", PIP_FIND_LINKS="", **nowhere)
    assert done.returncode == 1
    assert "making .venv" in done.stdout
    assert "could not be installed" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((checkout / ".venv").glob(".*.sha256")), "a half-made environment is not taken for a whole one"


def test_an_old_python_is_told_apart():
    """The file itself must still be readable for it; no syntax newer than 3.6 before the check."""
    source = (ROOT / "manage.py").read_text()
    compile(source, "manage.py", "exec", dont_inherit=True)
    script = "import sys; sys.version_info = (3, 9, 2); sys.argv = ['manage.py', 'up']\n" + source
    done = subprocess.run(
        [sys.executable, "-c", script.replace("__file__", "'manage.py'")], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
