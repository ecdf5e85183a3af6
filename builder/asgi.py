"""Wiring: machine paths go through the slim handler, pages and the builder's API through Django's own."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "builder.settings")
django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from builder.one_thread import OneThread  # noqa: E402
from builder.routing import by_socket, websocket_urlpatterns  # noqa: E402
from builder.static_door import StaticDoor  # noqa: E402
from runtime.door import by_path  # noqa: E402
from runtime.entrance import entrance  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": StaticDoor(entrance(by_path(OneThread()))),
        "websocket": by_socket(AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))),
    }
)
