"""A backup taken while runs are under way, put back on an empty machine: it goes on where the copy was taken."""

import json
import os
import shutil
import stat
import subprocess
import sys

from tests.crash import invariants
from tests.crash.instance import CANARY, ROOT, kill
from tests.crash.storm import post_all, running, settle
from tests.until import until


def test_a_backup_put_back_goes_on_with_its_runs_and_opens_its_secrets(tmp_path):
    folder, backup = tmp_path / "data", tmp_path / "backup"
    folder.mkdir()
    own = {"SECRET_KEY": "", "SECRET_KEKS": "", "DATA_DIR": str(folder)}
    make_keys = "import django; django.setup(); from builder.first_run import ensure_keys; ensure_keys()"
    environment = {**os.environ, **own, "DJANGO_SETTINGS_MODULE": "builder.settings"}
    subprocess.run([sys.executable, "-c", make_keys], cwd=ROOT, env=environment, check=True)
    with running(folder, f"sqlite:///{folder}/segue.sqlite3", CRASH_PAUSE="4", **own) as (instance, peer):
        instance.own = dict.fromkeys(("web", "worker"), own)
        instance.start("web", "worker")
        accepted = post_all(instance, "kept", 10)
        until(lambda: len({key for _, key, _ in peer.calls}) >= 10, 30, "nothing began")
        said = instance.run("manage.py", "backup", str(backup))
        assert "keys.json" in said
        assert {stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()} == {0o600}
        assert "is not empty" in _refusal(instance, backup)
        post_all(instance, "after the backup", 3)
        for name in ("web", "worker"):
            for process in instance.processes(name):
                kill(process)
            instance.parts.pop(name).wait()
        for lost in (*folder.glob("segue.sqlite3*"), folder / "keys.json"):
            lost.unlink()
        for kept in backup.iterdir():
            shutil.copy(kept, folder)
        instance.start("web", "worker")
        settle(instance)
        mine = [call for call in peer.calls if json.loads(call[2])["call"] in accepted]
        invariants.check(instance, accepted, mine)
        second = [path for path, _, _ in peer.calls if path == "/second"]
        assert peer.cards.count(CANARY) == len(second), "what was encrypted before the backup is not readable after it"


def _refusal(instance, folder) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "backup", str(folder)], cwd=ROOT, env=instance.environment,
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr
