"""`python -m tests.crash.hanging.stage <peer url>`: as tests.crash.stage, with a step that hangs between two calls."""

import sys

from tests import flows
from tests.crash import stage


def report(peer: str, start: dict) -> dict:
    return flows.chain(
        start,
        flows.post_json("first", f"{peer}/first", stage.BODY, settings=stage.RETRY),
        flows.node("hang", "hang", settings={"timeout_seconds": 1}),
        flows.post_json("second", f"{peer}/second", stage.BODY, settings=stage.RETRY),
        flows.end("done"),
        ports={"hang": "success"},
    )


if __name__ == "__main__":
    stage.call_report = report
    stage.main(sys.argv[1])
