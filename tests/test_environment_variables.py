"""`.env.example` and the settings tell the same story; production files fit the project."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = {
    "DEBUG", "SECRET_KEY", "SECRET_KEKS", "ALLOWED_HOSTS", "PUBLIC_URL", "DATA_DIR", "DATABASE_URL", "REDIS_URL",
    "WORKERS", "EGRESS_ALLOW", "EGRESS_PROXY", "EMAIL_URL", "SENTRY_DSN", "LOG_FORMAT",
}  # fmt: skip
ADDED = {"METRICS_TOKEN", "OTEL_EXPORTER_OTLP_ENDPOINT", "JS_ALLOW_WEAK_SANDBOX", "WEBS"}  # since
# For tests and measurements; nobody sets them to run Segue.
INTERNAL = {"RUN_THREADS", "LEASE_SECONDS", "WATCHDOG_SECONDS", "SEGUE_CRASH_POINTS", "SEGUE_REQUIRE_KEYS"}


def listed() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(re.match(r"#?([A-Z_]+)=(.*)", line).groups() for line in lines if re.match(r"#?[A-Z_]+=", line))


def test_env_example_lists_every_variable_that_settings_read():
    read = set(re.findall(r"""env(?:\.\w+)?\(\s*"([A-Z_]+)\"""", (ROOT / "builder" / "settings.py").read_text()))
    assert read - INTERNAL == set(listed()) == CONTRACT | ADDED


def test_env_example_gives_each_a_meaning_and_a_default():
    paragraphs = (ROOT / ".env.example").read_text().split("\n\n")[1:]
    assert len(paragraphs) == len(CONTRACT | ADDED)
    for paragraph in paragraphs:
        assert re.search(r"Default: |Required ", paragraph), paragraph
        assert len(paragraph.splitlines()[0]) > 20, paragraph


def test_env_example_sets_nothing_when_copied_as_it_is():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert not [line for line in lines if line and not line.startswith("#")]


def test_compose_runs_web_and_worker_after_the_migration():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert set(services) == {"migrate", "web", "worker", "postgres", "redis"}
    for name in ("web", "worker"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"], "TLS is the proxy's: never published to the network"


def test_the_image_runs_as_somebody_else_than_root_and_holds_what_it_copies():
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert dockerfile.index("\nUSER segue") < dockerfile.index("\nCMD ")
    assert "HEALTHCHECK" in dockerfile
    kept = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert not [name for name in kept if not (ROOT / name).exists()]
