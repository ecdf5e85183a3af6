"""What happens between two tests (tests/conftest.py)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection


def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


@pytest.fixture
def lane():
    """A thread of its own, like those that write."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(work).result()
        pool.submit(lambda: connection.close()).result()  # its own


@pytest.mark.usefixtures("django_db_setup")
def test_a_thread_that_has_begun_to_write_is_not_stopped_in_the_middle(lane, django_db_blocker):
    with django_db_blocker.unblock():
        lane(ask)
    assert lane(ask) == (1,)


@pytest.mark.usefixtures("django_db_setup")
def test_nobody_else_reaches_the_database_without_asking_for_it(lane):
    for who in (lane, lambda work: work()):
        with pytest.raises(RuntimeError, match="Database access not allowed"):
            who(ask)
