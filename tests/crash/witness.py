"""A witness inside the database: triggers that note every change which must never be committed.

Looking at the end of a storm would miss what was wrong for a moment only: a final run that opened again, a recorded
step that changed, a lease taken while it still held, a timer that went off early. Times are the database's own.
"""

FINAL = "('succeeded', 'failed', 'cancelled', 'timed_out')"
#: (name, table, when the change is forbidden, what it is called). {now} and {same} are spelled by each database.
FORBIDDEN = (
    ("final", "runtime_run", f"OLD.status IN {FINAL} AND NEW.status <> OLD.status", "a final run changed its status"),
    ("version", "runtime_run", "NEW.version_id <> OLD.version_id", "a run changed its version"),
    ("back", "runtime_run", "NEW.seq < OLD.seq OR NEW.fence < OLD.fence", "a run went back"),
    ("stolen", "runtime_run", "NEW.fence > OLD.fence AND OLD.status = 'running' AND OLD.due_at > {soon}",
     "a lease was taken while it held"),
    ("step", "runtime_steprun", "OLD.status IN ('succeeded', 'failed', 'skipped', 'unknown')",
     "a recorded step was written again"),
    ("early", "runtime_wait", "OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL AND NEW.kind = 'time' "
     "AND NEW.decision = '' AND NEW.until > {later}", "a timer went off early"),
)  # fmt: skip
SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now', '+{seconds} seconds')"
POSTGRESQL_NOW = "clock_timestamp() + interval '{seconds} seconds'"
SOON, LATER = 0.2, 0.5  # seconds by which two looks at one clock may differ; and by which a timer may be early


def install(connection, sqlite: bool) -> None:
    """Make the notebook and the triggers, on a plain connection that commits by itself."""
    now = SQLITE_NOW if sqlite else POSTGRESQL_NOW
    times = {"soon": now.format(seconds=SOON), "later": now.format(seconds=LATER)}
    for statement in _sqlite() if sqlite else _postgresql():
        connection.execute(statement.format(**times))


def _sqlite():
    yield "CREATE TABLE witness (what text, which text)"
    for name, table, when, words in FORBIDDEN:
        yield (
            f"CREATE TRIGGER witness_{name} AFTER UPDATE ON {table} WHEN {when} "
            f"BEGIN INSERT INTO witness VALUES ('{words}', NEW.id); END"
        )


def _postgresql():
    yield "CREATE TABLE witness (what text, which text)"
    yield (
        "CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO witness VALUES (TG_ARGV[0], NEW.id::text); RETURN NEW; END $$"
    )
    for name, table, when, words in FORBIDDEN:
        yield (
            f"CREATE TRIGGER witness_{name} AFTER UPDATE ON {table} FOR EACH ROW WHEN ({when}) "
            f"EXECUTE FUNCTION witness('{words}')"
        )
