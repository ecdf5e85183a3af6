"""The four floors hold: imports point down only, the engine is pure, the top level is what it was settled to be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("runtime.engine", "runtime", "integrations", "builder")  # from the ground up
TOP_LEVEL = {
    "manage.py", "pyproject.toml", "README.md", "LICENSE", "requirements.txt", "requirements-dev.txt",
    "Dockerfile", "compose.yaml", "builder", "runtime", "integrations", "static", "templates", "tests",
}  # fmt: skip
VAGUE = {"utils", "util", "helpers", "helper", "services", "service", "managers", "handlers", "common", "misc"}
OUTSIDE_THE_ENGINE = {"django", "rest_framework", "channels", "django_q", "requests", "environ", "redis", "psycopg"}
CLOCKS_AND_IO = {"time", "socket", "subprocess", "asyncio", "os", "random", "secrets", "urllib.request"}


def modules():
    for floor in ("builder", "integrations", "runtime"):
        for path in sorted((ROOT / floor).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> str | None:
    for floor in FLOORS:
        if module == floor or module.startswith(floor + "."):
            return floor
    return None


def imports(path: Path) -> set[str]:
    """Every module that the file names in an import, wherever it stands."""
    found = set()
    package = name_of(path).split(".") if path.name == "__init__.py" else name_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", list(modules()), ids=name_of)
def test_a_floor_never_names_a_floor_above(path):
    own = FLOORS.index(floor_of(name_of(path)))
    above = {name for name in imports(path) if (floor := floor_of(name)) and FLOORS.index(floor) > own}
    assert not above, f"{name_of(path)} reaches up to {sorted(above)}"


def test_node_types_use_the_engine_not_the_runner():
    for path in (ROOT / "runtime" / "nodes").glob("*.py"):
        others = {name for name in imports(path) if floor_of(name) == "runtime" and ".nodes" not in name}
        assert not others, f"{name_of(path)} knows more than the engine: {sorted(others)}"


@pytest.mark.parametrize("path", sorted((ROOT / "runtime" / "engine").rglob("*.py")), ids=name_of)
def test_the_engine_has_no_framework_no_clock_and_no_io(path):
    found = imports(path)
    tops = {name.split(".")[0] for name in found}
    assert not tops & OUTSIDE_THE_ENGINE
    assert not {name for name in found if name.split(".")[0] in CLOCKS_AND_IO or name in CLOCKS_AND_IO}
    calls = [
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert not {"now", "utcnow", "today"} & set(calls), "time is an argument here"


def test_the_engine_imports_without_django():
    names = [name_of(path) for path in (ROOT / "runtime" / "engine").rglob("*.py")]
    check = f"import sys, {', '.join(names)}; sys.exit('django' in sys.modules)"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", check], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr or "Django was imported"


@pytest.mark.parametrize("path", sorted((ROOT / "integrations" / "prompting").rglob("*.py")), ids=name_of)
def test_what_builds_prompts_cannot_reach_a_secret(path):
    """By imports of imports too: a prompt is made of the values it is given and of nothing else."""
    seen, open_ends = set(), [path]
    while open_ends:
        for name in imports(open_ends.pop()):
            file = next((found for found in _files_of(name) if found.exists()), None)
            if file and name_of(file) not in seen:
                seen.add(name_of(file))
                open_ends.append(file)
            assert name.split(".")[0] != "django"
    allowed = ("runtime.engine", "integrations.prompting")
    outside = {name for name in seen if floor_of(name) and not name.startswith(allowed)} - {"runtime", "integrations"}
    assert not outside, f"{name_of(path)} comes upon {sorted(outside)}"


def _files_of(module: str):
    """Where a dotted name may live: itself, as a package, or as something inside its module."""
    for dotted in (module, module.rpartition(".")[0]):
        at = ROOT.joinpath(*dotted.split("."))
        yield from (at.with_suffix(".py"), at / "__init__.py")


def test_the_top_level_is_fixed():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    top = {path.split("/")[0] for path in tracked}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


def test_modules_are_named_after_what_they_do():
    vague = [name_of(path) for path in modules() if path.stem in VAGUE]
    assert not vague


def test_no_module_is_overgrown():
    long = {name_of(path): lines for path in modules() if (lines := len(path.read_text().splitlines())) > 400}
    scripts = (ROOT / "static" / "editor").rglob("*.js")
    long |= {path.name: lines for path in scripts if (lines := len(path.read_text().splitlines())) > 400}
    assert not long
