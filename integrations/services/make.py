"""Make: custom webhooks (help.make.com, "Webhooks").

A hook answers 200 `Accepted`, or what the scenario's Webhook response says; 400 means that its queue is full, 410 that
no active scenario listens, 429 more than 300 requests in ten seconds.
"""

from integrations.catch_hook import CatchHook, hook_address
from runtime.engine.fields import ConnectionRef

hook_address("make", "Make", "the scenario's first module, Webhooks, Custom webhook")


class MakeHook(CatchHook):
    """Starts a scenario in Make with data of the call, and gives its answer if it has one.

    In Make begin a scenario with **Webhooks**, **Custom webhook**, copy its address, and send it once from here so that
    Make learns the fields.
    """

    type, label, order = "make_hook", "Start a scenario", 1
    app = {"id": "make", "label": "Make", "icon": "make"}
    advice = {
        400: "The queue of the webhook is full: the scenario does not keep up, or is off.",
        404: "There is no such webhook; copy its address from the scenario again.",
        410: "No scenario listens: switch it on in Make, or put its new address into the connection.",
    }
    passing = frozenset({400})
    connection = ConnectionRef("Scenario", types=["make"], required=True)
