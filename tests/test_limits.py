"""The README states every limit as the code has it: each row of its table is made anew from what enforces it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from builder import data_tables, gating, visitor_socket
from builder.pages import calls, hours
from integrations import code, endpoints, http, mail
from integrations.data import columns, databases, files, mysql, tables
from integrations.prompting import asking
from integrations.receivers import all_receivers
from integrations.sandbox import pool
from integrations.services import email, outgoing_webhook
from runtime import (
    children,
    contacts,
    conversation_bodies,
    conversation_doors,
    conversing,
    door,
    entrance,
    gatekeeping,
    history,
    history_room,
    hook_samples,
    hook_signatures,
    intake,
    operations,
    origins,
    recording,
    replying,
    stepping,
)
from runtime.engine import chat, document, interpreter, registry
from runtime.models import Gate, Workspace, hooks
from runtime.nodes import chat_ask, run_flow, waiting
from tests.test_docs import section

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ROWS = dict(re.findall(r"^\| (.+?) \| (.+) \|$", section("Limits"), re.MULTILINE))
PROSE = {"What", "programs at once in one process"}  # no figures


def size(count: int) -> str:
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count:,}"


def field(node: str, name: str):
    return registry.find(node).fields[name]


def within(vendor: str) -> str:
    return f"{next(each for each in all_receivers() if each.name == vendor).answers_within:g} s"


def memory() -> int:
    source = Path(pool.ZYGOTE).read_text()
    return int(re.search(r"^MEMORY = (\d+) \* 1024 \* 1024$", source, re.MULTILINE)[1])


def stated() -> dict[str, str]:
    """{a row's first words: all of its figures}."""
    deadline, pace = field("action_called", "deadline_seconds").limits, (operations.SLOWEST, operations.FASTEST)
    most, first = gatekeeping.LONGEST_COOL_DOWN, gatekeeping.FIRST_COOL_DOWN
    paths = {size(entrance.LIMITS[path]) for path in ("/api/v1/actions/", "/api/v1/inbound/", "/hooks/", "/in/",
                                                      "/api/v1/conversations/")}  # fmt: skip
    assert len(paths) == 1
    return {
        "nodes in a flow": f"{document.MAX_NODES:,}; {size(document.MAX_BYTES)}",
        "steps of a run": f"{interpreter.STEP_LIMIT:,}; {size(recording.LARGEST_STATE)}",
        "body of `/events/`": f"{size(entrance.LIMITS['/api/v1/events/'])}, up to {door.MOST_EVENTS:,} events; "
        + paths.pop(),
        "body of any other request": f"{size(entrance.LARGEST)}; {entrance.BODY_SECONDS:g} s",
        "one step": f"{stepping.LONGEST_STEP} s; an action's deadline {deadline['min']}-{deadline['max']} s",
        "an answer read by": f"{size(field('api_request', 'body_limit').default)} "
        f"(up to {http.LARGEST_BODY // 1024**2} by setting)",
        "a program of *Code*": f"{size(code.LONGEST_PROGRAM)}, {pool.WALL_SECONDS} s, {memory()} MB; "
        f"{size(code.LARGEST_INPUTS)}; 1 MiB; 200 lines or 16 KB",
        "text that *Extract*": f"{asking.LONGEST_TEXT:,} characters, the beginning and the end",
        "an email": f"{size(mail.LARGEST_MESSAGE)}; 50; {size(email.LARGEST_ATTACHMENT)}",
        "tries of an outgoing webhook": f"{len(outgoing_webhook.DELAYS)} over three days; its connection is switched "
        f"off after {endpoints.PATIENCE.days} days, after a {endpoints.GONE} at once, and owners get a mail",
        "a wait": f"{waiting.LONGEST_WAIT // 86_400} days",
        "on PostgreSQL a statement": "; ".join(f"{each / 1000:g} s" for each in settings.POSTGRESQL_TIMEOUTS.values()),
        "tables of a workspace": f"{tables.MOST_TABLES}; {columns.MOST_COLUMNS}; {tables.MOST_ROWS:,}; "
        + size(columns.LARGEST_ROW),
        "a CSV file": f"{size(data_tables.LARGEST_IMPORT)}, all of it or nothing",
        "files that flows write": f"{files.MOST_FILES}; {files.MOST_LINES:,}; {size(files.LARGEST_LINE)}",
        "rows that *Table row*": f"{tables.MOST_FOUND}; {tables.MOST_CHANGED:,}",
        "rows and bytes": f"{databases.MOST_ROWS:,}; {size(databases.LARGEST_RESULT)}; {size(mysql.LARGEST_ANSWER)}",
        "items of one *Run flow*": f"{run_flow.MOST_ITEMS:,}; {field('run_flow', 'concurrency').limits['max']}; "
        f"{children.DEEPEST} deep",
        "repeated writes": f"{intake.KEYS_KEPT.days} days",
        "runs of one operation": f"{operations.MOST_RUNS:,}; {pace[0]:g} to {pace[1]:g} a second",
        "a connection's limits": f"1 to {gating.MOST_AT_ONCE:,} requests at once; 1 to {gating.HIGHEST_RATE:,} a "
        "second or minute",
        "a breaker": f"opens after {Gate._meta.get_field('opens_after').default} failures in a row (0 = never), tries "
        f"again after {first:g} s, doubling to {most / 60:g} min",
        "runs a search finds": f"the newest {history.MOST_FOUND:,}",
        "ended runs are kept": f"{Workspace._meta.get_field('retention_days').default} days unless",
        "age of a signed call": f"{hook_signatures.TOLERANCE / 60:g} min; {hooks.ROTATION // DAY} day; "
        f"{hook_samples.LISTEN_FOR // MINUTE} min; {size(hook_samples.LARGEST)}",
        "a flow's answer to a ringing": f"its deadline, at most {within('vapi')} for Vapi, {within('retell')} for "
        f"Retell, Synthflow, SigmaMind, {within('bland')} for others",
        "one message": f"{chat.LONGEST_TEXT:,} characters; {replying.MOST_MESSAGES:,}; {replying.MOST_A_MINUTE}",
        "what a conversation begins with": f"{conversation_bodies.LARGEST_PART:,} characters each; "
        f"{conversation_bodies.MOST_FIELDS}; "
        f"{conversation_bodies.LONGEST_VALUE:,} characters",
        "sites whose pages may talk": f"{origins.MOST}; {hours.MOST_QUEUES}; the newest {calls.TAGGED_AMONG:,}",
        "the answer to a visitor": f"{conversation_doors.ANSWER_WITHIN:g} s, what comes later is fetched or comes over "
        f"the socket; {chat_ask.LONGEST_WAIT // 86_400} days; ends after {conversing.IDLE // timedelta(hours=1)} h",
        "sockets on one conversation": f"{visitor_socket.SOCKETS_A_CONVERSATION}; "
        f"{visitor_socket.LARGEST_FRAME // 1024} KB",
        "tags of a contact": f"{chat.MOST_TAGS}; {chat.LONGEST_TAG} characters; {contacts.MOST_ATTRIBUTES}; "
        f"{contacts.LONGEST_VALUE:,} characters",
        "one API key": f"{settings.API_KEY_RATE:,} requests a second; {settings.MEMBER_RATE}",
        "input or output kept": f"{size(history_room.LARGEST_INLINE)}, then a preview; "
        f"{history_room.LARGEST_HISTORY // 1_000_000} MB, then",
    }


@pytest.mark.parametrize("row", [row for row in ROWS if row not in PROSE])
def test_a_limit_is_stated_as_it_is_enforced(row):
    figures = [text for words, text in stated().items() if row.startswith(words)]
    assert len(figures) == 1, f"no test reads the limit of {row!r}"
    assert ROWS[row].startswith(figures[0])
