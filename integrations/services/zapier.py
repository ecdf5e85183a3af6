"""Zapier: "Catch Hook" of Webhooks by Zapier (help.zapier.com, "Trigger Zaps from webhooks").

A hook answers 200 with `{"attempt", "id", "request_id", "status": "success"}` whether or not the Zap then works; 410
means that the Zap is off or gone.
"""

from integrations.catch_hook import CatchHook, hook_address
from runtime.engine.fields import ConnectionRef

hook_address("zapier", "Zapier", "the Zap's trigger, Webhooks by Zapier, Catch Hook")


class ZapierHook(CatchHook):
    """Starts a Zap with data of the call. In Zapier choose **Webhooks by Zapier**, **Catch Hook**; copy its address.

    Send it once from here, then **Test trigger** in Zapier finds the fields.
    """

    type, label, order = "zapier_hook", "Start a Zap", 1
    app = {"id": "zapier", "label": "Zapier", "icon": "zapier"}
    advice = {
        404: "There is no such hook; copy its address from the Zap again.",
        410: "The Zap is off or was deleted: switch it on in Zapier, or put its new address into the connection.",
    }
    connection = ConnectionRef("Zap", types=["zapier"], required=True)
    id_of = staticmethod(lambda body: body.get("request_id") if isinstance(body, dict) else None)
