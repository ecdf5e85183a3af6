"""The OpenAPI document is complete, and the committed copy says when the wire changes."""

from pathlib import Path

import yaml
from django.core.management import call_command

COPY = Path(__file__).parent.parent / "openapi.yaml"


def test_the_document_is_valid_and_without_warnings(tmp_path):
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert yaml.safe_load(made.read_text()) == yaml.safe_load(COPY.read_text()), (
        "The API changed: manage.py spectacular --file tests/openapi.yaml"
    )


def test_the_machine_doors_are_in_the_document():
    paths = yaml.safe_load(COPY.read_text())["paths"]
    assert set(paths) >= {"/api/v1/events/", "/api/v1/actions/{name}/", "/hooks/{token}/", "/in/{vendor}/{token}/"}
