"""The web: uvicorn with the whole application, in `WEBS` processes. `python -m builder.serving` is what runs in
production too.

What is imported here is imported by the process that only keeps those (builder/forking.py), so it is little.
"""

import argparse
import gc
import os
import socket

from builder import forking
from builder.shares import Shares
from builder.supervising import end_with_supervisor
from runtime import fair_use  # noqa: F401  its table is shared by those forked after this
from runtime.one_core import stay_on_one_core

GRACE_SECONDS = 5
PARTING_SECONDS = 0.5  # for those who connected just before, to say what they want
FRAME_BYTES = 64 * 1024


def main():
    options = _options()
    serve(
        socket.socket(fileno=options.descriptor)
        if options.descriptor is not None
        else open_socket(options.host, options.port)
    )


def _options():
    parser = argparse.ArgumentParser(prog="python -m builder.serving", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--descriptor", type=int, help="an inherited listening socket, instead of host and port")
    return parser.parse_args()


def open_socket(host, port) -> socket.socket:
    """A listening TCP socket. `manage.py up` opens it before it starts us and keeps it open: requests that arrive
    while a web process is being replaced wait instead of being refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def serve(listening):
    webs = forking.ask(_webs)
    shares = Shares(webs)
    if webs > 1:
        place = forking.begin(webs, _load)
    else:
        place = 0
        _load()
    end_with_supervisor()
    stay_on_one_core(place, webs)
    _server(listening, shares, place).run(sockets=[])


def _webs() -> int:
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "builder.settings")
    return settings.WEBS


def _load():
    """Import all that serving takes, before the processes are forked that share it."""
    from django.db import connections

    from builder.asgi import application
    from runtime import live

    configuration(application).load()
    live.get_ready()
    connections.close_all()
    gc.collect()
    gc.freeze()  # what is imported stays: collections need not look at it, which would copy what forked processes share


def configuration(application, **changes):
    """uvicorn's settings for `application`."""
    import uvicorn

    from builder.socket_protocol import SocketProtocol

    chosen = {
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "ws": SocketProtocol,
        "ws_max_size": FRAME_BYTES,
        "timeout_keep_alive": 65,  # longer than the usual minute of a reverse proxy
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }
    return uvicorn.Config(application, **{**chosen, **changes})


def _server(listening, shares, place):
    """uvicorn's server, which takes its connections from a socket that others listen to as well.

    At its end uvicorn's own hangs up on those who have connected and not asked yet; here they may ask.
    """
    import asyncio

    import uvicorn

    from builder.accepting import Acceptor
    from builder.asgi import application

    class Server(uvicorn.Server):
        async def startup(self, sockets=None):
            await super().startup(sockets)
            loop = asyncio.get_running_loop()
            protocol, state = self.config.http_protocol_class, self.lifespan.state

            def made():
                return protocol(config=self.config, server_state=self.server_state, app_state=state, _loop=loop)

            self.servers = [Acceptor(listening, made, shares, place, lambda: len(self.server_state.connections))]

        async def on_tick(self, counter):
            for server in self.servers:
                server.note()
            return await super().on_tick(counter)

        async def shutdown(self, sockets=None):
            for server in self.servers:
                server.close()
            await asyncio.sleep(PARTING_SECONDS)
            await super().shutdown(sockets)

    return Server(configuration(application))


if __name__ == "__main__":
    main()
