"""A real SMTP server on loopback that keeps what it gets."""

import email
import email.policy
from types import SimpleNamespace

from aiosmtpd.controller import Controller

from tests.servers import free_port


class Box:
    """An aiosmtpd handler that keeps what it gets, and says what `refuse` tells it to."""

    def __init__(self):
        self.messages, self.refuse, self.after_data = [], {}, "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.messages.append(SimpleNamespace(
            sender=envelope.mail_from, to=list(envelope.rcpt_tos),
            content=email.message_from_bytes(envelope.content, policy=email.policy.default),
        ))  # fmt: skip
        return self.after_data


class MailServer:
    """`with MailServer() as server:` takes mail for `server.box.messages`; `values` are a connection's."""

    def __init__(self, **how):
        self.box, self.port = Box(), free_port()
        self.controller = Controller(self.box, hostname="127.0.0.1", port=self.port, **how)
        self.allow = f"127.0.0.1:{self.port}=127.0.0.0/8"
        self.values = {"host": "127.0.0.1", "port": str(self.port), "security": "none",
                       "sender": "Bot <bot@example.com>"}  # fmt: skip

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()
