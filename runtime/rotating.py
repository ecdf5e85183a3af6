"""Sealing every stored secret anew under the first key of SECRET_KEKS, so that older keys can be taken away.

Found by how columns are named: `<field>_sealed` holds one sealed text, `sealed` a mapping of fields to them. A row is
changed only if nobody changed it meanwhile, and what is done is not done again, so this can be stopped at any moment.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import models

from runtime import vault

BATCH = 200
Told = Callable[[str, int], None]


def places() -> Iterator[tuple[type[models.Model], str]]:
    """(model, column) of everything that is sealed."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name == "sealed" or field.name.endswith("_sealed"):
                yield model, field.name


def rotate(told: Told = lambda place, done: None) -> Counter[str]:
    """Seal anew what an older key sealed; `told(place, done)` after each batch. {place: how many cannot be opened}."""
    lost: Counter[str] = Counter()
    for model, column in places():
        place, done = _name(model, column), 0
        for batch in _batches(model, column):
            for row in batch:
                try:
                    done += _seal_anew(model, column, row)
                except vault.CannotOpen:
                    lost[place] += 1
            told(place, done)
    return lost


def left() -> Counter[str]:
    """{place: how many rows an older key still seals}."""
    found: Counter[str] = Counter()
    for model, column in places():
        for batch in _batches(model, column):
            found[_name(model, column)] += len(batch)
    return +found


def _seal_anew(model: type[models.Model], column: str, row: Any) -> int:
    """1 if the row was changed; 0 if somebody else did so first (and then with the new key)."""
    old = getattr(row, column)
    if column == "sealed":
        new: Any = {name: _moved(row, name, text) for name, text in old.items()}
    else:
        new = _moved(row, column.removesuffix("_sealed"), old)
    return model._default_manager.filter(pk=row.pk, **{column: old}).update(**{column: new})


def _moved(row: Any, field: str, text: str) -> str:
    return vault.seal(vault.open_sealed(text, row.workspace_id, row.pk, field), row.workspace_id, row.pk, field)


def _batches(model: type[models.Model], column: str) -> Iterator[list[Any]]:
    """Rows that an older key seals, by primary key: each is met once, whatever happens to it."""
    rows = model._default_manager.order_by("pk").only("pk", "workspace_id", column)
    if column != "sealed":
        rows = rows.exclude(**{column: ""}).exclude(**{f"{column}__startswith": _begins()})
    last = None
    while batch := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
        last = batch[-1].pk
        old = [row for row in batch if any(not text.startswith(_begins()) for text in _texts(row, column))]
        if old:
            yield old


def _texts(row: Any, column: str) -> list[str]:
    value = getattr(row, column)
    return list(value.values()) if column == "sealed" else [value]


def _begins() -> str:
    return f"1|{vault.active_key_id()}|"


def _name(model: type[models.Model], column: str) -> str:
    return f"{model._meta.label_lower}.{column}"
