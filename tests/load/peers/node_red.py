"""Node-RED with the workloads: it keeps no history, so the end of a burst is what a counter of its own says."""

import itertools
import json

from tests.load.peers.peer import Peer

VALUES = """
msg.topic = "Call " + msg.payload.interaction.id; msg.team = "support"; msg.rank = msg.topic + "!"; return msg;
"""
BODY = """
const {summary, duration_seconds: seconds} = msg.payload.interaction;
msg.payload = {summary, seconds, topic: msg.topic}; msg.headers = {}; return msg;
"""
MAPPED = """
msg.payload = {echoed: msg.payload.summary, seconds: msg.payload.seconds};
global.set("done", (global.get("done") || 0) + 1); msg.headers = {}; return msg;
"""
DONE = 'msg.payload = {done: global.get("done") || 0}; return msg;'


class NodeRed(Peer):
    name = "Node-RED"
    program = "node-red/red.js"

    def prepare(self, echo):
        (self.folder / "flows.json").write_text(json.dumps(flows(echo)))
        settings = {"uiHost": "127.0.0.1", "uiPort": self.port, "flowFile": "flows.json", "logging": {}}
        (self.folder / "settings.js").write_text(f"module.exports = {json.dumps(settings)};")
        return ["--userDir", str(self.folder)]

    def done(self) -> int:
        return self.ask("/done")["done"]

    paths = {"w1": "/w1", "w2": "/w2", "burst": "/burst"}
    ready = "/done"


def flows(echo) -> list[dict]:
    """W1 with its answer at the end and, for the burst, at once; W2; and the counter."""
    return [
        {"id": "tab", "type": "tab", "label": "Workloads"},
        *w1("w1", echo, at_once=False),
        *w1("burst", echo, at_once=True),
        *chain(entry("w2", "post"), *[_value(n) for n in range(10)], answer("w2", 200)),
        *chain(entry("done", "get"), function("count", DONE), answer("done", 200)),
    ]


def w1(name, echo, at_once) -> list[dict]:
    start, accepted, end = entry(name, "post"), answer(f"{name}-accepted", 202), answer(name, 200)
    values, body, mapped = (function(f"{name}-{n}", code) for n, code in enumerate((VALUES, BODY, MAPPED)))
    check = _node(
        f"{name}-check", "switch", property="payload.interaction.status", propertyType="msg", checkall="false",
        rules=[{"t": "eq", "v": "no_answer", "vt": "str"}, {"t": "else"}], outputs=2,
    )  # fmt: skip
    post = _node(f"{name}-post", "http request", method="POST", ret="obj", url=echo)
    nodes = chain(start, values, check) + chain(body, post, mapped, *([] if at_once else [end]))
    check["wires"] = [[], [body["id"]]]
    if at_once:
        start["wires"] = [[accepted["id"], values["id"]]]
        nodes.append(accepted)
    return nodes


def chain(*nodes) -> list[dict]:
    for one, following in itertools.pairwise(nodes):
        one["wires"] = [[following["id"]]]
    return list(nodes)


def entry(name, method):
    return _node(f"{name}-in", "http in", url=f"/{name}", method=method)


def answer(name, status):
    return _node(f"{name}-out", "http response", statusCode=str(status), headers={})


def function(name, code):
    return _node(name, "function", func=code.strip(), outputs=1)


def _value(number):
    rule = {"t": "set", "p": f"name{number}", "pt": "msg", "to": f"{number}: text", "tot": "str"}
    return _node(f"w2-{number}", "change", rules=[rule])


def _node(node_id, kind, **settings):
    return {"id": node_id, "type": kind, "z": "tab", "x": 0, "y": 0, "wires": [[]], **settings}
