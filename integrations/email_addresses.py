"""Email addresses as people write them: several in one text, with names or without."""

import re
from email.utils import getaddresses, parseaddr

from runtime.engine.errors import StepError

_ADDRESS = re.compile(r"[^\s@,;<>\"]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\Z", re.ASCII)


def addresses_in(text: str, most: int = 50) -> list[str]:
    """The addresses in `text`, each once. Raises StepError for what is no address, and for more than `most`."""
    written = " ".join(text.replace(";", ",").split())
    found = list(dict.fromkeys(address for _, address in getaddresses([written]) if address))
    for address in found or ([written] if written else []):
        if not (_ADDRESS.match(address) and address.isascii()):
            raise StepError(f"{address[:80]!r} is no email address.", code="bad_address")
    if len(found) > most:
        raise StepError(f"There are {len(found):,} addresses; at most {most:,} are taken.", code="too_many_recipients")
    return found


def people_in(text: str, most: int = 50) -> list[dict[str, str]]:
    """The same with their names, where they have one: [{"email", "name"}]."""
    written = " ".join(text.replace(";", ",").split())
    names = {address: name for name, address in reversed(getaddresses([written])) if name}
    return [
        {"email": address, **({"name": names[address]} if address in names else {})}
        for address in addresses_in(text, most)
    ]


def name_and_address(text: str) -> dict[str, str]:
    """`Bot <bot@example.com>` as {"email", "name"}; without a name if there is none."""
    name, address = parseaddr(text)
    return {"email": addresses_in(address or text, most=1)[0], **({"name": name} if name else {})}
