"""What tests of kept work look at: what the browser and the server keep of a flow."""

from builder.models import DraftOp


def kept_rows(page, store="queue"):
    """What this browser keeps, as it is on its disk."""
    return page.evaluate(
        """(store) => new Promise((resolve) => {
            const asked = indexedDB.open("segue", 1);
            asked.onsuccess = () => {
                const all = asked.result.transaction(store).objectStore(store).getAll();
                all.onsuccess = () => { asked.result.close(); resolve(all.result); };
            };
        })""",
        store,
    )


def all_once(flow):
    """No batch is in the log twice, and the log leads to the draft."""
    batches = list(DraftOp.objects.filter(draft__flow=flow).exclude(client=None).values_list("client", "seq"))
    return len(batches) == len(set(batches))
