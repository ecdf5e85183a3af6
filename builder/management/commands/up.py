"""`python3 manage.py up`: everything Segue needs, in one terminal."""

import contextlib
import errno
import json
import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from builder import demo, first_run
from builder.serving import open_socket

WEB_GRACE, WORKER_GRACE, DESK_GRACE = 8, 70, 3  # seconds; a step may take 60


class Command(BaseCommand):
    help = "Set up what is missing (keys, database, first workspace, demo), then run web and worker until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (0.0.0.0: the whole network)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-demo", action="store_true", help="no demo agent, flow and help desk")

    def handle(self, *, host, port, no_demo, **options):
        if os.name == "nt":
            raise CommandError("`up` needs Linux or macOS. On Windows, use WSL or a container (compose.yaml).")
        listening = self._listen(host, port)
        port = listening.getsockname()[1]
        first_run.ensure_keys()
        first_run.ensure_database()
        first_run.ensure_static_files()
        address = os.environ.setdefault("PUBLIC_URL", f"http://{_shown(host)}:{port}").rstrip("/")
        settings.PUBLIC_URL = address
        workspace, owner, password = first_run.ensure_owner()
        desk = None if no_demo else demo.ensure(workspace, owner, first_choice=port + 1)
        if desk:
            os.environ["EGRESS_ALLOW"] = ",".join(filter(None, [settings.EGRESS_ALLOW, desk.egress]))
        plan = {
            "children": list(_children(listening, desk)),
            "served": {
                "host": _shown(host),
                "port": port,
                "lines": list(_lines(address, owner, password, desk)),
            },
        }
        self._become_supervisor(plan, listening)

    def _listen(self, host, port):
        try:
            return open_socket(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(f"Port {port} is taken by another program: choose one with --port.")
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.")

    def _become_supervisor(self, plan, listening):
        """Go on as a small process without Django; the set-up's memory is given back."""
        listening.set_inheritable(True)
        os.environ["SEGUE_PLAN"] = json.dumps(plan)
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # threads of one process share heaps: a third less memory
        os.chdir(settings.BASE_DIR)
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            os.execv(sys.executable, [sys.executable, "-m", "builder.supervising"])


def _children(listening, desk):
    """In the order of stopping: no new work first, then what is under way, then what it talks to."""
    descriptor = listening.fileno()
    web = [sys.executable, "-m", "builder.serving", "--descriptor", str(descriptor)]
    yield {"name": "web", "argv": web, "descriptors": [descriptor], "grace": WEB_GRACE}
    worker = [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker"]
    yield {"name": "worker", "argv": worker, "grace": WORKER_GRACE}
    if desk:
        argv = [sys.executable, "-m", "integrations.helpdesk", "--port", str(desk.port)]
        yield {"name": "demo help desk", "argv": argv, "grace": DESK_GRACE}


def _lines(address, owner, password, desk):
    yield f"Segue is ready: {address}"
    if password:
        yield f"  sign in as  {owner.email}  with the password  {password}"
        yield "  (shown only now; change it under Preferences)"
    else:
        yield f"  sign in as  {owner.email}  (forgotten? manage.py changepassword {owner.email})"
    if desk:
        yield from desk.lines(address)
    yield "  Ctrl-C ends it"


def _shown(host) -> str:
    """An address that a browser on this machine can open."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
