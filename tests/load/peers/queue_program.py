"""W1 as a function of Python behind a task queue: a web door that queues calls, and two processes that work them off.

`python queue_program.py PORT`, by a Python of its own (queues.txt). The environment: QUEUE is celery or huey, BROKER
where it keeps its tasks, ECHO the peer's address, DONE a file that grows by a byte with each run.
"""

import functools
import json
import os
import subprocess
import sys

WORKERS = {
    "celery": ["-m", "celery", "--app", "queue_program:queue", "worker", "--concurrency", "2", "--loglevel", "ERROR"],
    "huey": ["-m", "huey.bin.huey_consumer", "queue_program.queue", "--workers", "2", "--worker-type", "process",
             "--quiet"],
}  # fmt: skip


@functools.cache
def session():
    import requests

    return requests.Session()


@functools.cache
def done():
    return os.open(os.environ["DONE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def w1(event):
    interaction = event["interaction"]
    topic, team = f"Call {interaction['id']}", "support"
    rank = f"{topic}!"
    if interaction["status"] == "no_answer":
        return
    body = {"summary": interaction["summary"], "seconds": interaction["duration_seconds"], "topic": topic}
    echoed = session().post(os.environ["ECHO"], json=body).json()
    assert {"echoed": echoed["summary"], "seconds": echoed["seconds"], "team": team, "rank": rank}
    os.write(done(), b".")


if os.environ["QUEUE"] == "celery":
    from celery import Celery

    queue = Celery("work", broker=os.environ["BROKER"])
    queue.conf.task_ignore_result = True
    queued = queue.task(w1, name="w1", acks_late=True)  # taken off the queue at its end: it outlives its worker
    put = queued.delay
else:
    from huey import SqliteHuey

    queue = SqliteHuey(filename=os.environ["BROKER"], results=False)
    put = queued = queue.task(name="w1")(w1)


async def door(scope, receive, send):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["method"] == "POST":
        put(json.loads(body))
        status, answer = 202, b"{}"
    else:
        status, answer = 200, json.dumps({"done": os.fstat(done()).st_size}).encode()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    import uvicorn

    worker = subprocess.Popen([sys.executable, *WORKERS[os.environ["QUEUE"]]], cwd=os.path.dirname(__file__))
    uvicorn.run("queue_program:door", port=int(sys.argv[1]), lifespan="off", access_log=False, log_level="warning")
    worker.terminate()
    worker.wait()
