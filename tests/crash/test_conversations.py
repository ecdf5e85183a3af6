"""kill -9 between a question and its answer, and in the middle of an answer: nothing is lost, nothing said twice."""

import http.client
import json

from tests.crash.instance import kill
from tests.crash.storm import running, until


def test_a_question_outlives_every_process_and_an_answer_the_one_that_took_it(tmp_path, database):
    with running(tmp_path, database, "web", "worker") as (instance, peer):
        peer.failing = 0  # a stumble of its makes a run wait: what is said then is no part of the answer any more
        begun = [until(lambda: begin(instance), 30) for _ in range(3)]
        assert all(each["expects"]["kind"] == "text" for each in begun)
        for name in ("web", "worker"):
            for process in instance.processes(name):
                kill(process)
        instance.ensure()
        plain = answer(instance, begun[0], "Jane")
        assert [each["text"] for each in plain["messages"]] == ["Thanks, Jane"]

        struck = []

        def strike(body, port):
            """The web process dies while the peer has its request."""
            if not struck:
                struck.append(body)
                for process in instance.processes("web"):
                    kill(process)

        peer.on_call = strike
        torn = answer(instance, begun[1], "Joan")
        assert struck
        assert torn["status"] == "open"
        until(lambda: texts(instance, begun[1]) == ["Name?", "Joan", "Thanks, Joan"], 40, "the answer was lost")
        assert texts(instance, begun[2]) == ["Name?"]
        assert answer(instance, begun[2], "Ann")["messages"][0]["text"] == "Thanks, Ann"
        keys = {key for path, key, body in peer.calls if path == "/told" and begun[1]["id"] in body}
        assert len(keys) == 1, "the effect was repeated under another key"


def begin(instance):
    """A conversation, or None while nobody answers."""
    try:
        status, body = instance.request("POST", "/api/v1/conversations/", "{}")
    except (OSError, http.client.HTTPException):
        return None
    return body if status == 201 else None


def answer(instance, begun, text):
    """What is said to this; asked again, under the same id, until somebody lives long enough to answer."""
    path, said = f"/api/v1/conversations/{begun['id']}/messages/", json.dumps({"id": f"m-{text}", "text": text})

    def ask():
        instance.ensure()
        try:
            status, body = instance.request("POST", path, said)
        except (OSError, http.client.HTTPException):
            return None
        return body if status == 200 else None

    return until(ask, 60)


def texts(instance, begun):
    status, body = instance.request("GET", f"/api/v1/conversations/{begun['id']}/")
    assert status == 200
    return [each["text"] for each in body["messages"]]
