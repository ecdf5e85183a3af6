"""Telephone numbers as vendors want them: E.164, or words that say what to do."""

import phonenumbers

from runtime.engine.errors import StepError

LONGEST = 64


def e164(number: str, label: str = "The phone number") -> str:
    """`number` as +14155550132. Raises StepError for what is no number that can exist or lacks its country."""
    text = number.strip()
    text = f"+{text[2:]}" if text.startswith("00") else text
    try:
        parsed = phonenumbers.parse(text[:LONGEST], None)
    except phonenumbers.NumberParseException:
        hint = 'Write it with its country, like +14155550132, or convert it: {{… | e164: "US"}}.'
        raise StepError(f"{label} {text[:LONGEST]!r} is no phone number in E.164. {hint}", "bad_phone") from None
    if not phonenumbers.is_possible_number(parsed):
        raise StepError(f"{label} {text[:LONGEST]!r} is no phone number that can exist.", "bad_phone")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
