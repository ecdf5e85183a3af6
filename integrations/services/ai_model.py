"""AI models, by any endpoint that speaks OpenAI's chat completions: OpenAI itself, Azure, Mistral, vLLM, Ollama, ...

Shapes: OpenAI's API specification, createChatCompletion. What is asked and how answers are read is in
integrations/prompting, which cannot reach a secret; the dialects of endpoints are in integrations/chat_completions.
"""

from collections.abc import Mapping
from dataclasses import replace

from integrations.authentication import bearer
from integrations.chat_completions import OPENAI, Talk
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import NotSent
from integrations.masking import Mask, texts_of
from integrations.prompting import asking
from integrations.prompting.properties import BLANK, TYPES, can_be_strict, read_properties, schema_of
from integrations.prompting.reading import Unfit, text_of
from integrations.service_node import ErrorObjectNode
from runtime.engine import json_schema
from runtime.engine.errors import StepError
from runtime.engine.fields import (
    Choice,
    ConnectionRef,
    JsonValue,
    List,
    LongText,
    Number,
    Object,
    Schema,
    TextField,
    VariableName,
)  # fmt: skip
from runtime.engine.values import items_of

_PRICE = r"\d{1,6}(\.\d{1,6})?"
_KEY = bearer()
USAGE = {"name": "usage", "label": "Tokens and cost", "type": "object",
         "sample": {"input_tokens": 812, "output_tokens": 64, "cost": 0.0012}}  # fmt: skip

register_connection_type(
    ConnectionType(
        "openai_compatible", "AI model", "Any endpoint that speaks OpenAI's chat completions.",
        (
            ConnectionField("base_url", "Address", required=False,
                            help=f"Empty = {OPENAI}. It often ends in /v1; /chat/completions is added."),
            ConnectionField("token", "API key", secret=True, required=False, help="Empty for a model of your own."),
            ConnectionField("model", "Model", help="As the endpoint calls it, such as gpt-4o-mini or llama3.1:8b."),
            ConnectionField("input_price", "Price of a million input tokens", required=False, pattern=_PRICE,
                            help="A number such as 2.5; with both prices each step shows what it cost."),
            ConnectionField("output_price", "Price of a million output tokens", required=False, pattern=_PRICE,
                            help="A number such as 10, in the same currency."),
        ),
        lambda values, request: _KEY(values, request) if values.get("token") else request,
        icon="robot", base_url=OPENAI, test=Probe("/models", told=lambda body: f"{len(body['data'])} models"),
    )
)  # fmt: skip


class AiModel(ErrorObjectNode):
    app = {"id": "ai", "label": "AI model", "icon": "robot"}
    group, effect, timeout_seconds = "data", "repeatable", 60
    missing = ("Choose an AI model. A new one is made under Connections, New connection, AI model: the address of an "
               "OpenAI-compatible endpoint, its key, a model.")  # fmt: skip
    connection = ConnectionRef("AI model", types=["openai_compatible"], required=True)
    model = TextField("Model", template=False, max_length=200, advanced=True, help="Empty = the connection's.")
    most_tokens = Number("Longest answer", default=1000, min=16, max=32_000, advanced=True, help="In tokens.")
    sample = JsonValue("Sample answer", advanced=True, help="What a dry run takes for the answer.")
    keywords = ("ai", "llm", "gpt", "openai", "prompt", "model")
    advice = {
        404: "Check the model's name and the connection's address; it often ends in /v1.",
        "context_length_exceeded": "Send less, or choose a model that reads more.",
        "insufficient_quota": "The account has no credit left; add some with the provider.",
        "model_not_found": "Check the model's name, and that the key may use it.",
    }
    final = frozenset({"insufficient_quota"})

    def complaint(self, body):
        """Some endpoints answer 200 with an error inside."""
        return isinstance(body, Mapping) and bool(body.get("error")) and not body.get("choices")

    def answer(self, talk, given, step):
        """The outputs but the usage, asked of the model."""
        raise NotImplementedError

    def sampled(self, given):
        """The outputs of a dry run but the usage."""
        raise NotImplementedError

    def perform(self, exchange, given):
        talk = Talk(exchange, given.model or exchange.credentials.values["model"], int(given.most_tokens))
        try:
            return {**self.answer(talk, given, exchange.step), "usage": talk.usage()}
        except NotSent:
            exchange.step.warn("dry_run", "Dry run: nothing was sent; the outputs are samples.")
            return {**self.sampled(given), "usage": USAGE["sample"]}
        except StepError as error:
            if talk.input_tokens is not None:
                error.detail = {**(error.detail or {}), "usage": talk.usage()}
            raise


class Extract(AiModel):
    """Reads facts out of a conversation, each as a variable of its type.

    What was not said, or is not sure, stays blank: an empty text, false, or nothing. A value outside the options of a
    choice is an error. The model answers within a schema; an answer that does not fit is asked for once more.
    """

    type, label, icon, order = "extract", "Extract", "extract", 20
    keywords = (*AiModel.keywords, "facts", "fields", "analyse", "structured", "properties")
    text = LongText("Read from", required=True, default="{{interaction.transcript}}")
    properties = List(
        "Facts", required=True, max_items=50,
        item=Object(fields={
            "name": VariableName("Name", required=True),
            "type": Choice("Type", options=TYPES, default="text", required=True),
            "description": TextField("What it is", template=False, max_length=500),
            "options": TextField("Options", required=True, template=False, max_length=2000,
                                 visible_if={"field": "type", "in": ["enum"]}, help="With commas between them."),
        }),
    )  # fmt: skip
    outputs = (
        {"name": "values", "label": "All values", "type": "object", "sample": {"reason": "billing", "callback": False}},
        USAGE,
        {"each": "properties", "name": "name", "type": "type", "scope": "vars"},
    )
    summary = ({"field": "properties", "as": "names"},)
    filled = {
        "properties": [
            {"name": "reason", "type": "enum", "description": "Why they called", "options": "billing, order, other"},
            {"name": "callback", "type": "boolean", "description": "Whether they want to be called back"},
        ],
        "sample": {"reason": "billing", "callback": False},
    }

    def check(self, node, graph):
        yield from super().check(node, graph)
        rows = [row for row in items_of(node.config.get("properties")) if isinstance(row, Mapping)]
        names = [row.get("name") for row in rows]
        for position, row in enumerate(rows):
            if names[position] in names[:position]:
                yield "F006", f"/config/properties/{position}/name", f"{names[position]!r} is asked for twice."
            if row.get("type") == "enum" and isinstance(row.get("options"), str) and not _options(row["options"]):
                yield "F006", f"/config/properties/{position}/options", "Give at least one option."

    def answer(self, talk, given, step):
        wanted = _wanted(given.properties)
        messages = asking.extraction(told(given.text, step), wanted, step.now)
        schema = schema_of(wanted)
        found = talk.agree(messages, schema, can_be_strict(schema), lambda value: read_properties(wanted, value))
        return {"values": found}

    def sampled(self, given):
        chosen = given.sample if isinstance(given.sample, Mapping) else {}
        return {"values": {row["name"]: chosen.get(row["name"], _blank(row)) for row in _wanted(given.properties)}}

    def run(self, step):
        outcome = super().run(step)
        return replace(outcome, variables=dict(outcome.output["values"]))


class Summarize(AiModel):
    """Summarizes a conversation for people, and chooses its disposition from your list."""

    type, label, icon, order = "summarize", "Summarize", "summarize", 21
    keywords = (*AiModel.keywords, "summary", "disposition", "outcome", "wrap-up")
    text = LongText("Text to summarize", required=True, default="{{interaction.transcript}}")
    dispositions = List("Dispositions", default=[], max_items=50,
                        item=TextField("Disposition", required=True, template=False, max_length=100))  # fmt: skip
    sentences = Number("Sentences at most", default=3, min=1, max=30)
    language = TextField("Language", max_length=60, help="Empty = the language of the conversation.")
    wishes = LongText("What else matters", max_length=4000, help="For example: always name the order number.")
    outputs = (
        {
            "name": "summary",
            "label": "Summary",
            "type": "text",
            "sample": "Jane was charged twice; billing will refund.",
        },
        {"name": "disposition", "label": "Disposition", "type": "text", "sample": "refund"},
        USAGE,
    )
    summary = ({"field": "text"},)
    filled = {
        "dispositions": ["refund", "order", "other"],
        "sample": {"summary": "Jane was charged twice; billing will refund.", "disposition": "refund"},
    }

    def answer(self, talk, given, step):
        messages = asking.summary(
            told(given.text, step), int(given.sentences), given.language, given.dispositions, given.wishes
        )
        wanted = self._wanted(given)
        schema = schema_of(wanted)
        return talk.agree(messages, schema, True, lambda value: self._read(wanted, value))

    def sampled(self, given):
        chosen = given.sample if isinstance(given.sample, Mapping) else {}
        first = given.dispositions[0] if given.dispositions else None
        return {"summary": chosen.get("summary", "A summary."), "disposition": chosen.get("disposition", first)}

    def _wanted(self, given):
        disposition = {"name": "disposition", "type": "enum", "description": "", "options": given.dispositions}
        return [{"name": "summary", "type": "text", "description": ""}, disposition]

    def _read(self, wanted, value):
        found = read_properties(wanted, value)
        if not found["summary"].strip():
            raise Unfit("summary is empty.")
        return found


class AskAi(AiModel):
    """Asks a model anything and keeps what it answers: text, or JSON that matches your schema.

    The prompt may hold any variable but `secure.*`. An answer that does not match the schema is asked for once more.
    """

    type, label, icon, order = "ask_ai", "Ask AI", "ask_ai", 22
    keywords = (*AiModel.keywords, "question", "classify", "translate", "write", "generate")
    prompt = LongText("Prompt", required=True)
    instructions = LongText("Who it is and how it answers", help="The system prompt.")
    format = Choice("Answer", default="text", options=[("text", "Text"), ("json", "JSON")])
    schema = Schema("Schema", visible_if={"field": "format", "in": ["json"]},
                    help="A JSON Schema of an object. Empty = any JSON.")  # fmt: skip
    temperature = Number("Temperature", default=0, min=0, max=2, advanced=True, help="0 = the same answer every time.")
    outputs = ({"name": "answer", "label": "Answer", "type": "any", "sample": "Yes, within 30 days."}, USAGE)
    summary = ({"field": "prompt"},)
    filled = {
        "prompt": "Did the customer ask about returns? {{interaction.summary}}",
        "instructions": "Answer in one sentence.",
        "sample": "Yes, within 30 days.",
    }  # fmt: skip

    def check(self, node, graph):
        yield from super().check(node, graph)
        schema = node.config.get("schema")
        if node.config.get("format") != "json" or not isinstance(schema, Mapping) or not schema:
            return
        for pointer, message in json_schema.check_schema(schema):
            yield "F006", f"/config/schema{pointer}", message
        if schema.get("type") != "object":
            yield "F006", "/config/schema", "The schema describes an object: its type is “object”."

    def answer(self, talk, given, step):
        talk.temperature = given.temperature
        messages = asking.question(
            told(given.instructions or "", step), told(given.prompt, step), wants_json=given.format == "json"
        )
        if given.format != "json":
            return {"answer": text_of(talk.ask(messages), talk.most_tokens)}
        schema = given.schema or None
        return {
            "answer": talk.agree(messages, schema or True, can_be_strict(schema), lambda value: _fit(value, schema))
        }

    def sampled(self, given):
        return {
            "answer": given.sample if given.sample is not None else ({} if given.format == "json" else "An answer.")
        }


def told(text, step):
    """A text as a model may see it: what came as secure data is not in it by chance either, and it is not endless."""
    text, left_out = asking.shortened(Mask(texts_of(step.secure)).text(text))
    if left_out:
        step.warn("cut", f"{left_out:,} characters of the text were left out: a model is sent "
                         f"{asking.LONGEST_TEXT:,} at most, the beginning and the end.")  # fmt: skip
    return text


def _wanted(rows):
    return [{"name": row.name, "type": row.type, "description": row.description or "",
             "options": _options(row.options or "")} for row in rows]  # fmt: skip


def _options(text):
    return list(dict.fromkeys(option.strip() for option in text.split(",") if option.strip()))


def _blank(row):
    return row["options"][0] if row["type"] == "enum" else BLANK.get(row["type"])


def _fit(value, schema):
    wrong = [f"{pointer or 'It'}: {message}" for pointer, message in json_schema.validate(value, schema)][:10]
    if wrong:
        raise Unfit(" ".join(wrong))
    return value
