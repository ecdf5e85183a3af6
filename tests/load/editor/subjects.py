"""Who is measured: each opens its page, takes a flow, goes to a view, and says how it wants to be panned and zoomed."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from tests.load.editor import document

HERE = Path(__file__).resolve().parent
CONTROL = 2


class Segue:
    name = "Segue"
    pan_button, zoom_modifiers = "middle", CONTROL
    api = "segueBench"

    def __init__(self, url, email, password):
        self.url, self.email, self.password = url, email, password

    def open(self, page):
        page.goto(f"{self.url}/sign-in/")
        page.locator("input[name=username]").fill(self.email)
        page.locator("input[type=password]").fill(self.password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "sign-in" not in address)
        flow = page.evaluate("async () => (await (await fetch('/api/v1/flows/?limit=1')).json()).results[0].id")
        page.goto(f"{self.url}/flows/{flow}/?bench=1")
        page.evaluate("async () => { while (!window.segueBench) await new Promise(requestAnimationFrame) }")

    def flow(self, count):
        return document.segue(count)

    def stage(self, page):
        return page.evaluate("() => { const box = document.querySelector('.stage').getBoundingClientRect();"
                             " return [box.left, box.top, box.width, box.height] }")  # fmt: skip

    def select_all(self, page, meter):
        page.locator(".stage").focus()
        page.keyboard.press("Control+a")
        meter.settle()


class Peer:
    """Another editor's library on a page of its own, bundled once and served from here."""

    api = "peer"
    pan_button, zoom_modifiers = "left", 0
    skips = ()

    def __init__(self, folder):
        self.folder = folder

    def open(self, page):
        page.goto(f"http://127.0.0.1:{serve(self.folder)}/index.html")
        page.wait_for_function("window.peer")

    def flow(self, count):
        return document.plain(count)

    def stage(self, page):
        return page.evaluate("() => { const box = document.querySelector('#canvas').getBoundingClientRect();"
                             " return [box.left, box.top, box.width, box.height] }")  # fmt: skip

    def select_all(self, page, meter):
        page.evaluate("window.peer.selectAll()")
        meter.settle()


class ReactFlow(Peer):
    name, source = "React Flow", "react-flow.jsx"
    pan_button = "middle"


class LiteGraph(Peer):
    name, source = "litegraph", "litegraph.js"
    # It refuses larger graphs after a few were loaded.
    most = 1000


class Drawflow(Peer):
    name, source = "Drawflow", "drawflow.js"
    # It cannot select several, and zooms by tenths.
    skips = ("drag all", "zoom")
    most = 1000


PEERS = (ReactFlow, LiteGraph, Drawflow)


@functools.cache
def installed() -> Path:
    """A folder with the peers' packages, from package-lock.json; kept between runs."""
    folder = Path(os.environ.get("SEGUE_PEERS", Path(tempfile.gettempdir()) / "segue-editor-peers"))
    folder.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    kept = folder / "package-lock.json"
    if not (kept.exists() and kept.read_bytes() == lock and (folder / "node_modules").exists()):
        shutil.copy(HERE / "package.json", folder)
        kept.write_bytes(lock)
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True, timeout=300
        )
    return folder


def built(peer) -> Path:
    """One page with its script, bundled by esbuild."""
    folder = installed()
    shutil.copytree(HERE / "peers", folder / "peers", dirs_exist_ok=True)
    out = folder / "built" / peer.source
    out.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [folder / "node_modules" / ".bin" / "esbuild", folder / "peers" / peer.source, "--bundle", "--minify",
         "--format=esm", "--jsx=automatic", '--define:process.env.NODE_ENV="production"', f"--outfile={out}/peer.js"],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    shutil.copy(HERE / "peers" / "index.html", out)
    return out


@functools.cache
def serve(folder) -> int:
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def owner_of(output):
    return re.search(r"sign in as\s+(\S+)\s+with the password\s+(\S+)", output).groups()
