"""WSGI entry point, for tools that expect one; websockets and the event doors need ASGI (`builder.asgi`)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "builder.settings")
application = get_wsgi_application()
