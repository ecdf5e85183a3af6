"""What tests of drafts, publishing and versions share: a document, its operations, a flow and its draft."""

from tests.flows import call_ended, chain, end, set_variable

DOCUMENT = chain(call_ended(), set_variable("vars", topic="Call {{interaction.id}}"), end("end", "{{vars.topic}}"))


def op(path, **sides):
    return {"path": path, **sides}


def batch(program, draft, ops, base=None, client="c", seq=1):
    base = program.get(draft).value["revision"] if base is None else base
    return program.post(f"{draft}ops/", {"base": base, "client": client, "seq": seq, "ops": ops})


def renamed(label, before="vars"):
    return op("/nodes/vars/label", before=before, after=label)
