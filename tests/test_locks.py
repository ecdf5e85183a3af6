"""The lock files: hashed, complete, without an address of any machine."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")


def pins(lock) -> dict[str, set]:
    found = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def declared(*groups) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"]]
    for group in groups:
        wanted += project["dependency-groups"][group]
    return {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in wanted}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_folder(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(--(extra-)?index|--find-links|-f |file:)", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_each_pin_has_hashes(lock):
    blocks = re.split(r"^(?=[\w.-]+==)", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert blocks
    assert not [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block]


def test_every_declared_dependency_is_pinned():
    assert declared() <= set(pins("requirements.txt"))
    assert declared("dev") <= set(pins("requirements-dev.txt"))


def test_the_locks_agree():
    development = pins("requirements-dev.txt")
    assert all(development.get(name) == versions for name, versions in pins("requirements.txt").items())


@pytest.mark.parametrize("lock", LOCKS)
def test_every_python_gets_the_same_versions(lock):
    """What the tests ran with on one Python is what the image, on another, starts with."""
    assert not {name: versions for name, versions in pins(lock).items() if len(versions) > 1}
