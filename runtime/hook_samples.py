"""Listening for a test request: the next call to a flow's address is kept, masked, to try its steps with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from runtime import present
from runtime.credentials import masked_members
from runtime.engine.values import safe_dumps
from runtime.models import Flow, Hook

LISTEN_FOR = timedelta(minutes=5)
LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Heard:
    """One call that came while somebody listened: what it brought, or why it was not taken."""

    hook: Any
    sample: Mapping[str, Any] | None = None
    refused: str = ""


def hook_of(flow: Flow) -> Hook:
    """The flow's hook, made when it is first asked for."""
    return Hook.objects.get_or_create(flow=flow, defaults={"workspace": flow.workspace})[0]


def listen(hook: Hook, config: Mapping[str, Any]) -> None:
    """From now on, for a while, wait for one call; `config` is the draft's trigger."""
    hook.listening, hook.listening_until, hook.refused = dict(config), present.now() + LISTEN_FOR, ""
    hook.save(update_fields=["listening", "listening_until", "refused"])


def captured_sample(flow: Flow, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """{body, headers, query, method} of the request that was kept, masked; None where `document` starts otherwise."""
    if all(node["type"] != "webhook" for node in document["nodes"]):
        return None
    sample: Mapping[str, Any] | None = Hook.objects.filter(flow=flow).values_list("sample", flat=True).first()
    return sample


def stop_listening(hook: Hook) -> None:
    hook.listening, hook.listening_until = None, None
    hook.save(update_fields=["listening", "listening_until"])


def heard(batch: list[Heard]) -> list[None]:
    """Note what came; the first call that is taken ends the listening."""
    for told in batch:
        waiting = Hook.objects.filter(pk=told.hook.pk, listening_until__isnull=False)
        if told.sample is None:
            waiting.update(refused=told.refused[:300])
            continue
        sample = masked_members(told.sample)
        if len(safe_dumps(sample)) > LARGEST:
            waiting.update(refused=f"A call came that is larger than {LARGEST // 1024} KiB: too much for a sample.")
            continue
        waiting.update(sample=sample, sample_at=present.now(), listening=None, listening_until=None, refused="")
    return [None] * len(batch)
