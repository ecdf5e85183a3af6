"""`manage.py flows export|import|validate|publish|diff`: flows as files that diff well; the exit status is for CI."""

import json
import re
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from builder import publishing, transfer
from builder.bundling import bundle_of, labels_of
from builder.management.commands.createapikey import workspace_named
from builder.ops import Document
from builder.overview import listed
from builder.review import review
from builder.validating import problems_of
from integrations.models import Connection
from runtime.engine.document import DocumentError, read_document
from runtime.engine.validation import errors
from runtime.engine.values import BadJson, safe_loads
from runtime.models import Flow


class Command(BaseCommand):
    help = "Flows as files: one JSON file per flow, without secrets, connections by name."

    def add_arguments(self, parser):
        parser.add_argument("--workspace", help="id or name; needed where there are several")
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="write flows to files")
        export.add_argument("--to", default=".", help="a directory; `-` prints one JSON value")
        export.add_argument("flows", nargs="*", help="ids or names; all if none is named")
        load = verbs.add_parser("import", help="make flows from files, or replace drafts of the same name")
        load.add_argument("files", nargs="+")
        load.add_argument("--replace", action="store_true", help="a flow of the same name gets it as its draft")
        load.add_argument("--connection", action="append", default=[], metavar="NAME=ID", help="what a name is here")
        for verb, words in (("validate", "exit 1 if a draft has errors"), ("publish", "publish drafts")):
            some = verbs.add_parser(verb, help=words)
            some.add_argument("flows", nargs="*", help="ids or names; all if none is named")
            if verb == "publish":
                some.add_argument("--note", default="")
        diff = verbs.add_parser("diff", help="what differs in words; exit 1 if anything does")
        diff.add_argument("flow", help="id or name")
        diff.add_argument("file", nargs="?", help="compare the draft to this file instead of to what is published")

    def handle(self, *, verb, workspace, **options):
        self.workspace = workspace_named(workspace)
        getattr(self, f"do_{verb}")(options)

    def do_export(self, options):
        flows = self._flows(options["flows"])
        if options["to"] == "-":
            return self.stdout.write(_text(transfer.export_flows(flows)))
        folder = Path(options["to"])
        folder.mkdir(parents=True, exist_ok=True)
        for flow in flows:
            path = folder / f"{_file_name(flow)}.json"
            path.write_text(_text(transfer.export_flows([flow])))
            self.stdout.write(str(path))

    def do_import(self, options):
        mapping = dict(_pair(text) for text in options["connection"])
        for file in options["files"]:
            value = _read(file)
            try:
                self._import(value, mapping, options["replace"])
            except transfer.CannotImport as error:
                raise CommandError(f"{file}: " + "; ".join(f"{e['pointer']} {e['message']}" for e in error.errors))

    def _import(self, value, mapping, replace):
        first, *others = transfer.read_export(value)
        there = self._all().filter(name=first["name"]) if replace else []
        if len(there) == 1 and all(entry["beside"] for entry in others):
            transfer.import_into(there[0], value, mapping, None)
            return self.stdout.write(f"{there[0].name}: draft replaced")
        for flow in transfer.import_flows(self.workspace, value, mapping, None):
            self.stdout.write(f"{flow.name}: made ({flow.pk})")

    def do_validate(self, options):
        found = [(flow, problems_of(flow, flow.draft.document)) for flow in self._flows(options["flows"])]
        for flow, problems in found:
            for problem in problems:
                where = f" at {problem.node}{problem.field or ''}" if problem.node else ""
                self.stdout.write(f"{flow.name}: {problem.severity} {problem.code}{where}: {problem.message}")
        wrong = [flow.name for flow, problems in found if errors(problems)]
        if wrong:
            raise CommandError(f"{len(wrong)} of {len(found)} flows cannot be published: {', '.join(wrong)}.")
        self.stdout.write(f"{len(found)} flows could be published.")

    def do_publish(self, options):
        for flow in self._flows(options["flows"]):
            try:
                version, is_new = publishing.publish(flow, None, options["note"])
            except publishing.NotPublishable as error:
                raise CommandError(f"{flow.name}: {error} " + " ".join(p.message for p in errors(error.problems)))
            self.stdout.write(f"{flow.name}: version {version.number}{'' if is_new else ' (unchanged)'}")

    def do_diff(self, options):
        flow = self._flows([options["flow"]])[0]
        before, after = self._sides(flow, options["file"])
        changes = review(before, after)
        for change in changes:
            self.stdout.write(change["text"])
        if changes:
            raise CommandError(f"{len(changes)} differences.", returncode=1)

    def _sides(self, flow: Flow, file: str | None) -> tuple[Document | None, Document]:
        """Published and draft, or the file and the draft; with a file, both with connections by name."""
        if file is None:
            return (read_document(flow.published.document) if flow.published else None), flow.draft.document
        rows = {str(row.pk): row for row in Connection.objects.for_workspace(self.workspace)}
        try:
            before = transfer.read_export(_read(file))[0]["document"]
        except (transfer.CannotImport, DocumentError) as error:
            raise CommandError(f"{file}: {error}")
        return before, transfer.export_document(flow.draft.document, rows, labels_of(bundle_of([flow])))

    def _all(self):
        return listed(self.workspace).kept()

    def _flows(self, wanted: list[str]) -> list[Flow]:
        every = list(self._all())
        if not wanted:
            return every
        found = [flow for flow in every if str(flow.pk) in wanted or flow.name in wanted]
        missing = [text for text in wanted if text not in {str(flow.pk) for flow in found} | {f.name for f in found}]
        if missing:
            raise CommandError(f"There is no flow {missing[0]!r} here.")
        return found


def _read(file: str):
    try:
        return safe_loads(Path(file).read_bytes())
    except (OSError, BadJson) as error:
        raise CommandError(f"{file}: {error}")


def _text(value) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _file_name(flow: Flow) -> str:
    return re.sub(r"[^a-z0-9]+", "-", flow.name.lower()).strip("-") or str(flow.pk)


def _pair(text: str) -> tuple[str, str]:
    name, equals, id = text.partition("=")
    if not equals:
        raise CommandError(f"--connection takes NAME=ID, not {text!r}.")
    return name, id
