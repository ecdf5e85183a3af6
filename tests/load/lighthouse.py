"""`python -m tests.load.lighthouse <address> <email> <password>`: Lighthouse on the pages of a running Segue.

Prints accessibility, best practices and performance for the list of flows and the editor, wide and as a phone; ends
with 1 when accessibility or best practices is below 100. Needs `npm install` in tests/load/lighthouse and Chromium.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent / "lighthouse"
CATEGORIES = ("accessibility", "best-practices", "performance")
PORT = 9333
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]


def sign_in(context, address: str, email: str, password: str) -> str:
    """Signs the browser's profile in; gives the id of a flow."""
    page = context.new_page()
    page.goto(f"{address}/sign-in/")
    page.fill("input[name=username]", email)
    page.fill("input[type=password]", password)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Flows", level=1).wait_for()
    flow = page.request.get(f"{address}/api/v1/flows/").json()["results"][0]["id"]
    page.goto("about:blank")
    return flow


def measure(url: str, form: str) -> tuple[dict[str, int], list[str]]:
    """Scores by category, and the titles of the audits that cost points."""
    preset = ["--preset=desktop"] if form == "desktop" else []
    command = [
        "node_modules/.bin/lighthouse", url, "--quiet", "--output=json", f"--port={PORT}", "--disable-storage-reset",
        f"--only-categories={','.join(CATEGORIES)}", *preset,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    scores = {name: round((report["categories"][name]["score"] or 0) * 100) for name in CATEGORIES}
    return scores, [text for name in CATEGORIES[:2] for text in _lost(report, name)]


def _lost(report: dict, category: str) -> list[str]:
    lost = []
    for ref in report["categories"][category]["auditRefs"]:
        audit = report["audits"][ref["id"]]
        if ref["weight"] and audit["score"] is not None and audit["score"] < 1:
            items = audit.get("details", {}).get("items", [])
            lost.append(f"{audit['id']}: {audit['title']} {json.dumps(items)[:400]}")
    return lost


def main(address: str, email: str, password: str) -> int:
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    whole = True
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium, args=[*FLAGS, f"--remote-debugging-port={PORT}"]
        )
        flow = sign_in(context, address, email, password)
        for name, path in {"flow list": "/", "editor": f"/flows/{flow}/"}.items():
            for form in ("desktop", "phone"):
                scores, lost = measure(address + path, form)
                print(f"{name:10} {form:8}", "  ".join(f"{key} {value}" for key, value in scores.items()), flush=True)
                for text in lost:
                    print("   ", text)
                whole &= scores["accessibility"] == scores["best-practices"] == 100
        context.close()
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
