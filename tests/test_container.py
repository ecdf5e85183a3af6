"""The image and the compose file, without docker: linted as data, and their commands run as the container runs them."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.servers import free_port
from tests.until import until

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())


def told(instruction) -> str:
    """What stands behind the last such instruction of the Dockerfile."""
    return re.findall(rf"^{instruction} (.+)$", DOCKERFILE, re.MULTILINE)[-1]


def health_check() -> list[str]:
    return json.loads(re.search(r"HEALTHCHECK .*?CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)[1])


class Image:
    """A folder with what `COPY . .` takes along, and the image's environment."""

    def __init__(self, folder: Path):
        self.root, self.port = folder / "app", free_port()
        self.root.mkdir()
        for name in re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE):
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, self.root / name)
        declared = dict(
            pair.split("=", 1) for line in re.findall(r"^ENV (.+)$", DOCKERFILE, re.M) for pair in line.split()
        )
        self.environment = {
            **os.environ,
            **declared,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": f"sqlite:///{folder}/segue.sqlite3",
        }
        (folder / "data").mkdir()

    def argv(self, words: list[str]) -> list[str]:
        return [word.replace("8000", str(self.port)).replace("0.0.0.0", "127.0.0.1") for word in words]

    def call(self, words: list[str], **environment) -> int:
        return subprocess.call(self.argv(words), cwd=self.root, env={**self.environment, **environment})

    @contextlib.contextmanager
    def running(self, words: list[str]):
        process = subprocess.Popen(self.argv(words), cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(60)


@pytest.fixture
def image(tmp_path):
    return Image(tmp_path)


def test_the_image_migrates_serves_works_and_stops_as_compose_says(image):
    services = COMPOSE["services"]
    assert image.call(services["migrate"]["command"]) == 0
    probe = services["worker"]["healthcheck"]["test"]
    assert probe[0] == "CMD"
    with image.running(json.loads(told("CMD"))) as web, image.running(services["worker"]["command"]) as worker:
        until(lambda: image.call(health_check()) == 0, 60)
        until(lambda: image.call(probe[1:]) == 0, 60)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        web.send_signal(signal.SIGTERM)
        assert web.wait(30) in (0, -signal.SIGTERM)  # uvicorn ends well, and then by the signal that asked it to
    assert image.call(health_check()) != 0


def test_without_secrets_nothing_starts(image):
    assert image.call(["python", "manage.py", "migrate"], SECRET_KEY="") != 0


def test_the_image_has_an_entry_that_ends_its_children_and_a_user_without_rights():
    assert shlex.split(told("USER")) == ["segue"]
    assert json.loads(told("ENTRYPOINT")) == ["tini", "--"]
    assert "--require-hashes" in DOCKERFILE
    assert not re.search(r"^(ARG|ENV) .*(SECRET|PASSWORD|TOKEN)", DOCKERFILE, re.MULTILINE)


def test_compose_has_a_health_check_for_each_service_that_stays_and_no_secret_of_its_own():
    services = COMPOSE["services"]
    for name in ("web", "worker", "postgres", "redis"):
        checked = services[name].get("healthcheck", {"image": True})  # web's is the image's
        assert not checked.get("disable"), name
    text = (ROOT / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{(\w+)", text)) == {"POSTGRES_PASSWORD"}
    assert "${POSTGRES_PASSWORD:?" in text, "without a password nothing may start"
    assert services["worker"]["stop_grace_period"] >= "75s"  # longer than a step
    for name in ("postgres", "redis"):
        assert "ports" not in services[name], f"{name} is nobody else's"
