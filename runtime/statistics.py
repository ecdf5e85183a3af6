"""What PostgreSQL knows about our tables while they are young and grow fast.

It plans a statement by how many rows a table has and how many of them share a value, which it learns when its
autovacuum comes by: once a minute. Until then a table that was just filled counts as nearly empty, and plans walk
through all of a workspace. So the clock has it look whenever a young table has doubled.
"""

import time

from django.db import connection

EVERY_SECONDS = 1.0
FIRST_ROWS = 200  # fewer are not worth a look
MOST_ROWS = 100_000  # more take a second, and are left to autovacuum
_GROWN = """SELECT quote_ident(grown.relname), array_to_string(array_agg(DISTINCT quote_ident(a.attname)), ', ')
FROM pg_stat_user_tables AS seen JOIN pg_class AS grown ON grown.oid = seen.relid
JOIN pg_index AS i ON i.indrelid = grown.oid
JOIN pg_attribute AS a ON a.attrelid = grown.oid AND a.attnum = ANY(i.indkey)
WHERE starts_with(grown.relname, 'runtime_') AND seen.n_live_tup > 2 * GREATEST(grown.reltuples, 0) + %s
AND seen.n_live_tup <= %s
GROUP BY grown.relname"""
_looked_at = 0.0


def look() -> None:
    """Have PostgreSQL look at the tables that have doubled since it did: at the columns of their indexes only."""
    global _looked_at
    if connection.vendor != "postgresql" or time.monotonic() - _looked_at < EVERY_SECONDS:
        return
    _looked_at = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_GROWN, [FIRST_ROWS, MOST_ROWS])
        for table, columns in cursor.fetchall():
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {table} ({columns})")  # the clock waits for nobody
