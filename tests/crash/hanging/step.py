"""The node type `hang`."""

import os
import threading

from runtime.engine.node_type import SUCCESS_OR_ERROR, NodeType
from runtime.engine.outcomes import Done


class Hang(NodeType):
    """Leaves its process's id in the file that HANG_MARK names and never comes back; once that is there it works."""

    type, label, group = "hang", "Hang", "services"
    kinds = ("post_call",)
    effect = "keyed"
    ports = SUCCESS_OR_ERROR
    example = {"type": "hang", "key": "hang", "label": "Hang", "config": {}}

    def run(self, step):
        try:
            with open(os.environ["HANG_MARK"], "x") as mark:
                mark.write(str(os.getpid()))
        except FileExistsError:
            return Done(output={}, port="success")
        threading.Event().wait()
