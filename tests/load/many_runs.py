"""Very many stored runs, made by the database itself: `fill(workspace, flows, count)`; or, in the database of the
environment, `python -m tests.load.many_runs <count>` with a workspace and flows of their own.

Spread evenly over ninety days, three steps each; one in fifty failed, one in a thousand of the last week still waits.
"""

import sys
from datetime import UTC, datetime, timedelta

import django
from django.db import connection

DAYS = 90
FLOWS = 20
BATCH = 50_000
OPEN_FROM = 83  # days after the first; what still waits is younger

SPELLINGS = {
    "sqlite": {
        "series": "WITH RECURSIVE series(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM series WHERE n < {last})",
        "id": "printf('%012x70008%015x', ms, n)",
        "at": "strftime('%Y-%m-%d %H:%M:%f', (ms + {later}) / 1000.0, 'unixepoch')",
        "number": "printf('+1415%07d', n % 10000000)",
        "integer": "CAST({0} AS integer)",
        "json": "text",
    },
    "postgresql": {
        "series": "WITH series AS (SELECT generate_series({first}, {last})::bigint AS n)",
        "id": "(lpad(to_hex(ms), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid",
        "at": "to_timestamp((ms + {later}) / 1000.0)",
        "number": "'+1415' || lpad((n % 10000000)::text, 7, '0')",
        "integer": "CAST({0} AS bigint)",
        "json": "jsonb",
    },
}
MOMENTS = """{series}, moment AS (SELECT n, {ms} AS ms, n % {flows} AS k, n % 1000 = 7 AND {open} AS waits FROM series),
own AS (SELECT id AS flow_id, published_id, row_number() OVER (ORDER BY id) - 1 AS k
        FROM runtime_flow WHERE workspace_id = {workspace})
"""
EVENTS = """INSERT INTO runtime_event (id, workspace_id, source, type, "key", agent, interaction_id, contact_number,
received_at, duplicates, payload, skipped, secure_sealed)
{moments} SELECT {id}, {workspace}, 'api', 'call.ended', 'call_' || n, 'agent', 'call_' || n, {number}, {at}, 0,
CAST('{{"interaction": {{"id": "call_' || n || '", "contact_number": "' || {number} || '"}}}}' AS {json}), '[]', ''
FROM moment"""
RUNS = """INSERT INTO runtime_run (id, workspace_id, flow_id, version_id, event_id, kind, mode, status, state, options,
due_at, claimed_by, fence, claims, seq, changes, created_at, started_at, finished_at, outcome, error)
{moments} SELECT {id}, {workspace}, flow_id, published_id, {id}, 'post_call', 'live',
CASE WHEN waits THEN 'waiting' WHEN n % 50 = 0 THEN 'failed' ELSE 'succeeded' END,
CAST('{{"node": "end", "index": 2, "vars": {{"topic": "Call ' || n || '"}}}}' AS {json}), '{{}}',
CASE WHEN waits THEN {due} END, '', 1, 0, 3, 4, {at}, {at}, CASE WHEN NOT waits THEN {later_at} END, '',
CASE WHEN n % 50 = 0 THEN CAST('{{"message": "No answer", "code": "http_500", "node": "post"}}' AS {json}) END
FROM moment JOIN own ON own.k = moment.k"""
STEPS = """INSERT INTO runtime_steprun (run_id, "index", attempt, seq, node, type, label, status, port, input, output,
warnings, started_at, seconds)
{moments} SELECT {id}, step, 1, step + 1, node, type, label, 'succeeded', '',
CAST('{{"summary": "Call ' || n || '"}}' AS {json}), CAST('{{"body": {{"id": ' || n || '}}}}' AS {json}), '[]',
{at}, seconds * (1 + n % 7) FROM moment CROSS JOIN (
SELECT 0 AS step, 'start' AS node, 'call_ended' AS type, 'Call ended' AS label, 0.0001 AS seconds
UNION ALL SELECT 1, 'post', 'api_request', 'Send', 0.08 UNION ALL SELECT 2, 'end', 'end', 'End', 0.0001) AS steps"""
WAITS = """INSERT INTO runtime_wait (workspace_id, run_id, "index", node, kind, "key", until, opened_at, decision, note)
{moments} SELECT {workspace}, {id}, 1, 'post', 'time', '', {due}, {at}, '', '' FROM moment WHERE waits"""


def fill(count: int):
    """Store `count` runs of published flows in a workspace of their own; gives its owner."""
    workspace, owner = _workspace()
    first = datetime.now(UTC) - timedelta(days=DAYS)
    with connection.cursor() as cursor:
        for start in range(0, count, BATCH):
            words = _words(workspace, first, count, start)
            for statement in (EVENTS, RUNS, STEPS, WAITS):
                cursor.execute(statement.format(**words))
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")  # as its own chores would by now; SQLite has none
    return owner


def _workspace():
    from builder.flows import create_flow
    from builder.publishing import publish
    from runtime.models import Membership, User, Workspace
    from tests.flows import call_ended, chain, end

    workspace = Workspace.objects.create(name="Large", retention_days=3650)
    owner = User.objects.create_user("owner@large.example", "a password for measuring only")
    Membership.objects.create(workspace=workspace, user=owner, role="owner")
    document = chain(call_ended(), end())
    for number in range(FLOWS):
        flow = create_flow(workspace, owner, name=f"Flow {number}", kind="post_call", document=document)
        publish(flow, owner)
    return workspace, owner


def _words(workspace, first, count, start) -> dict[str, str]:
    spelling = SPELLINGS[connection.vendor]
    apart = DAYS * 86_400_000 / count
    owner = workspace.pk.hex if connection.vendor == "sqlite" else workspace.pk
    own = f"'{owner}'"
    moments = MOMENTS.format(
        series=spelling["series"].format(first=start, last=min(start + BATCH, count) - 1),
        ms=spelling["integer"].format(f"{int(first.timestamp() * 1000)} + n * {apart}"),
        open=f"n >= {count * OPEN_FROM // DAYS}", flows=FLOWS, workspace=own,
    )  # fmt: skip
    return {
        "moments": moments,
        "workspace": own,
        "id": spelling["id"],
        "json": spelling["json"],
        "number": spelling["number"],
        "at": spelling["at"].format(later=0),
        "later_at": spelling["at"].format(later=250),
        "due": spelling["at"].format(later=30 * 86_400_000),
    }


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]))
