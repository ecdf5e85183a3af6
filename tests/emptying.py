"""Between tests: the tables emptied, and no more.

Django's own emptying then tells every app that it was migrated, and content types and permissions, which were emptied
too, are made anew: some 40 ms of a processor after each of thousands of tests, most of what many of them cost. Here
those two tables stay as the migrations left them, and no test writes them. What a test left in the others goes.
"""

from django.core.management.color import no_style
from django.db import connections
from django.test import TransactionTestCase

KEPT = {"django_content_type", "auth_permission"}


def _empty(self):
    for name in self._databases_names(include_mirrors=False):
        connection = connections[name]
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        statements = connection.ops.sql_flush(no_style(), [table for table in tables if table not in KEPT])
        connection.ops.execute_sql_flush(statements)


TransactionTestCase._fixture_teardown = _empty
