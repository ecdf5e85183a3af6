"""The web: uvicorn with the whole application, in `WEBS` processes. `python -m builder.serving` is what runs in
production too."""

import argparse
import asyncio
import gc
import socket

from django.conf import settings

from builder import forking
from builder.accepting import Acceptor, Shares
from builder.supervising import end_with_supervisor
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
    import uvicorn

    from builder.asgi import application
    from runtime import live

    configured, webs = configuration(application), settings.WEBS
    configured.load()
    live.get_ready()
    gc.collect()
    gc.freeze()  # what is imported stays: collections need not look at it, which would copy what forked processes share
    shares = Shares(webs)
    place = forking.begin(webs) if webs > 1 else 0
    end_with_supervisor()
    stay_on_one_core(place, webs)
    _server(uvicorn, listening, shares, place)(configured).run(sockets=[])


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


def _server(uvicorn, listening, shares, place):
    """uvicorn's server, which takes its connections from a socket that others listen to as well.

    At its end uvicorn's own hangs up on those who have connected and not asked yet; here they may ask.
    """

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

    return Server


if __name__ == "__main__":
    main()
