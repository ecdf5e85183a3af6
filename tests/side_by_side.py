"""Doing the same from several threads at once."""

import threading
from collections.abc import Callable


def side_by_side(jobs: list[Callable[[], object]], threads: int) -> None:
    """Do the jobs with so many threads; the first trouble is raised once all have ended."""
    waiting, lock, troubles = iter(jobs), threading.Lock(), []

    def client():
        while not troubles:
            with lock:
                job = next(waiting, None)
            if job is None:
                return
            try:
                job()
            except Exception as trouble:
                troubles.append(trouble)

    clients = [threading.Thread(target=client) for _ in range(threads)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    if troubles:
        raise troubles[0]
