"""Ask a visitor: a question, or a form. The run pauses until the answer is there; what is no answer is asked again."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.engine import chat
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice, Duration, List, LongText, Number, Object, TextField, Toggle, VariableName
from runtime.engine.outcomes import Done, Outcome, Wait
from runtime.engine.values import items_of
from runtime.nodes.chat_say import VARIANTS, ChatStep

LONGEST_WAIT = 30 * 86_400
EXPECTED = [("text", "Text"), ("choice", "One of these"), ("number", "A number"), ("email", "An e-mail address"),
            ("phone", "A phone number"), ("date", "A date")]  # fmt: skip
_CHOICE = {"field": "expects", "in": ["choice"]}
_NO_CHOICE = {"field": "expects", "in": [value for value, _ in EXPECTED if value != "choice"]}
_OWN_PORTS = {"all": [_CHOICE, {"field": "port_per_choice", "in": [True]}]}
NOT_UNDERSTOOD = "Sorry, I did not get that."
TAKEN = ("answered", "no_valid_answer", "timeout", "error")
NO_ANSWER = (
    {"id": "no_valid_answer", "label": "Invalid", "required": False},
    {"id": "timeout", "label": "No reply", "required": False},
)


class Asking(ChatStep):
    """What asking shares: the pause for a reply, and the end of patience."""

    waits = True

    def pause(self, step: Any, message: dict[str, Any], expects: dict[str, Any], wrong: int) -> Outcome:
        """Say `message` and wait for the reply to it."""
        if step.handed_over:
            text = "A person has taken over this conversation, so nothing can be asked."
            raise StepError(text, code="handed_over")
        awaited = {"kind": "reply", "expects": expects, "wrong": wrong}
        return Wait(seconds=float(step.config["timeout"] or 86_400), for_=awaited, chat=(message,))

    def given_up(self, step: Any, port: str, output: Mapping[str, Any] | None = None) -> Outcome:
        return Done(output={"answer": None, "valid": False, **(output or {})}, port=port)


class AskQuestion(Asking):
    """Asks the visitor something and waits for the answer. What is no answer is asked again, as often as you say.

    The answer is `{{steps.<key>.answer}}` and, if you name one, a variable. With choices the visitor taps a button;
    each choice can have a way of its own.
    """

    type, label, icon, order = "ask_question", "Ask a question", "question", 2
    keywords = ("question", "input", "collect", "choices", "bubbles", "quick replies", "qualify")
    text = LongText("Question", required=True, max_length=chat.LONGEST_TEXT)
    expects = Choice("Answer", options=EXPECTED, default="text")
    choices = List("Choices", default=[], max_items=20, visible_if=_CHOICE, item=Object(fields={
        "id": TextField("Id", required=True, template=False, pattern=r"[A-Za-z0-9_-]{1,64}"),
        "label": TextField("Label", required=True, template=False, max_length=80),
    }))  # fmt: skip
    port_per_choice = Toggle("A way for each choice", default=False, visible_if=_CHOICE)
    save_to = VariableName("Keep as", default="", help="A variable; empty: only under this step.")
    invalid_text = TextField("If it is no answer", default=NOT_UNDERSTOOD, max_length=500)
    attempts = Number("Answers that may be wrong", default=2, min=1, max=10, help="The last of them gives up.")
    timeout = Duration("Waits", default=86_400, min=5, max=LONGEST_WAIT)
    translations = List("In other languages", default=[], max_items=30, item=VARIANTS, advanced=True)
    ports = (
        {"each": "choices", "id": "id", "label": "label", "when": _OWN_PORTS},
        {"id": "answered", "label": "Answered", "required": True,
         "when": {"any": [{"field": "port_per_choice", "in": [False]}, _NO_CHOICE]}},
        *NO_ANSWER,
    )  # fmt: skip
    summary = ({"field": "text"},)
    outputs = (
        {"name": "answer", "label": "Answer", "type": "any", "scope": "steps", "sample": "11-50"},
        {"name": "choice", "label": "Choice's id", "type": "text", "scope": "steps", "sample": "m"},
        {"name": "valid", "label": "Was answered", "type": "boolean", "scope": "steps", "sample": True},
        {"name": "text", "label": "As written", "type": "text", "scope": "steps", "sample": "11-50"},
        {
            "name": "save_to",
            "named_by": "save_to",
            "label": "Answer",
            "type": "any",
            "scope": "vars",
            "sample": "11-50",
        },
    )
    example = {
        "type": "ask_question", "key": "size", "label": "Company size?",
        "config": {"text": "How many people work at your company?", "expects": "choice", "port_per_choice": False,
                   "choices": [{"id": "s", "label": "1-10"}, {"id": "m", "label": "11-50"},
                               {"id": "l", "label": "51+"}],
                   "save_to": "size", "invalid_text": "Please choose one.", "attempts": 2, "timeout": 3600},
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        yield from super().check(node, graph)
        config = self.config_of(node.config)
        if config["expects"] != "choice":
            return
        rows = [row for row in items_of(config["choices"]) if isinstance(row, Mapping)]
        if not rows:
            yield "F006", "/config/choices", "Give at least one choice."
        ids = [row.get("id") for row in rows]
        for at, choice in enumerate(ids):
            if choice in ids[:at] or choice in TAKEN:
                yield "F006", f"/config/choices/{at}/id", f"The id {choice!r} is taken."

    def run(self, step: Any) -> Outcome:
        return self._ask(step, self.spoken(step), wrong=0)

    def resume(self, step: Any, event: Mapping[str, Any] | None) -> Outcome:
        if event is None or event["kind"] != "reply":
            return self.given_up(step, "timeout", {"text": ""})
        expects, text = step.config["expects"], str(event.get("choice") or event.get("text") or "")
        found = chat.read(expects, event, self._choices(step), step.zone)
        if found is None:
            wrong = int(event["wrong"]) + 1
            if wrong >= int(step.config["attempts"] or 2):
                return self.given_up(step, "no_valid_answer", {"text": text})
            return self._ask(step, step.text(step.config["invalid_text"] or NOT_UNDERSTOOD), wrong)
        choice = found if isinstance(found, Mapping) else None
        answer = choice["label"] if choice else found
        output = {"answer": answer, "choice": choice["value"] if choice else "", "valid": True, "text": text}
        name = step.config["save_to"]
        port = choice["value"] if choice and step.config["port_per_choice"] else "answered"
        return Done(output=output, port=port, variables={name: answer} if name else {})

    def _ask(self, step: Any, text: str, wrong: int) -> Outcome:
        kind, choices = step.config["expects"], self._choices(step)
        return self.pause(
            step, chat.say(text, buttons=choices), {"kind": kind, "choices": choices, "fields": []}, wrong
        )

    def _choices(self, step: Any) -> list[dict[str, str]]:
        if step.config["expects"] != "choice":
            return []
        rows = items_of(step.config["choices"])
        return [{"label": step.text(row.get("label") or row["id"]), "value": row["id"]} for row in rows]


class SendForm(Asking):
    """Shows a form and waits until it is filled in. What is filled in is remembered of the contact, unless you say not,
    and stands under `{{steps.<key>.<field>}}`. What is wrong is asked again, with what is wrong with it.
    """

    type, label, icon, order = "send_form", "Send form", "form", 3
    keywords = ("fields", "contact details", "lead", "profile", "email", "collect")
    text = LongText("Text", default="", max_length=chat.LONGEST_TEXT)
    fields_asked = List("Fields", required=True, max_items=20, item=Object(fields={
        "name": VariableName("Name", required=True),
        "label": TextField("Label", template=False, max_length=80),
        "kind": Choice("Kind", options=[*(row for row in EXPECTED if row[0] != "choice"), ("choice", "One of these"),
                                        ("toggle", "Yes or no")], default="text"),
        "required": Toggle("Needed", default=False),
        "options": TextField("Choices", template=False, max_length=1000, help="With commas between them.",
                             visible_if={"field": "kind", "in": ["choice"]}),
    }))  # fmt: skip
    remember = Toggle("Remember of the contact", default=True)
    attempts = Number("Times it may be wrong", default=3, min=1, max=10)
    timeout = Duration("Waits", default=86_400, min=5, max=LONGEST_WAIT)
    translations = List("In other languages", default=[], max_items=30, item=VARIANTS, advanced=True)
    ports = ({"id": "submitted", "label": "Filled in", "required": True}, *NO_ANSWER)
    summary = ({"field": "fields_asked", "as": "names"},)
    outputs = (
        {"each": "fields_asked", "name": "name", "type": "kind", "scope": "steps"},
        {
            "name": "form",
            "label": "All of it",
            "type": "object",
            "scope": "steps",
            "sample": {"email": "jane@acme.com"},
        },
    )
    example = {
        "type": "send_form", "key": "details", "label": "Who are you?",
        "config": {"text": "How can we reach you?", "remember": True, "attempts": 3, "timeout": 3600, "fields_asked": [
            {"name": "name", "label": "Name", "kind": "text", "required": False},
            {"name": "email", "label": "E-mail", "kind": "email", "required": True}]},
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        yield from super().check(node, graph)
        names = [row.get("name") for row in items_of(node.config.get("fields_asked")) if isinstance(row, Mapping)]
        for at, name in enumerate(names):
            if name in names[:at] or name == "form":
                yield "F006", f"/config/fields_asked/{at}/name", f"The name {name!r} is taken."

    def run(self, step: Any) -> Outcome:
        return self._show(step, self.spoken(step) or "Please fill this in.", 0, {})

    def resume(self, step: Any, event: Mapping[str, Any] | None) -> Outcome:
        if event is None or event["kind"] != "reply":
            return self.given_up(step, "timeout", {"form": {}})
        asked = self.asked(step)
        values, wrong = chat.wrong_fields(asked, event.get("form") or {}, step.zone)
        if wrong:
            count = int(event["wrong"]) + 1
            if count >= int(step.config["attempts"] or 3):
                return self.given_up(step, "no_valid_answer", {**values, "form": values})
            return self._show(step, " ".join(wrong.values()), count, wrong)
        learned = ({"do": "contact", "set": values},) if step.config["remember"] and values else ()
        return Done(output={**values, "form": values}, port="submitted", chat=learned)

    def asked(self, step: Any) -> list[dict[str, Any]]:
        """The form's fields as a visitor is shown them."""
        found = []
        for row in items_of(step.config["fields_asked"]):
            options = [each.strip() for each in str(row.get("options") or "").split(",") if each.strip()]
            found.append({
                "name": row["name"], "label": row.get("label") or row["name"].replace("_", " ").capitalize(),
                "kind": row.get("kind") or "text", "required": bool(row.get("required")),
                "choices": [{"label": each, "value": each} for each in options],
            })  # fmt: skip
        return found

    def _show(self, step: Any, text: str, wrong: int, errors: Mapping[str, str]) -> Outcome:
        fields = [{**field, "error": errors[field["name"]]} if field["name"] in errors else field
                  for field in self.asked(step)]  # fmt: skip
        return self.pause(step, chat.say(text, form={"fields": fields}),
                          {"kind": "form", "choices": [], "fields": fields}, wrong)  # fmt: skip
