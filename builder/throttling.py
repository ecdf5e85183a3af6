"""Fair use: so many requests a second per caller, counted in all processes of this web (runtime/fair_use.py)."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from runtime.fair_use import times_in_this_second
from runtime.models import ApiKey


class _PerSecond(BaseThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        who = self.who(request)
        if who is None:
            return True
        return times_in_this_second(who) <= self.limit()

    def wait(self) -> float:
        return 1.0

    def who(self, request: Request) -> Any:
        raise NotImplementedError

    def limit(self) -> int:
        raise NotImplementedError


class MemberThrottle(_PerSecond):
    """A person's browser; far above what an editor with an open run overlay asks for."""

    def who(self, request: Request) -> Any:
        return ("user", request.user.pk) if request.user.pk is not None else None

    def limit(self) -> int:
        return int(settings.MEMBER_RATE)


class ApiKeyThrottle(_PerSecond):
    """SETTLED 7.1: 1,000 requests a second with one key."""

    def who(self, request: Request) -> Any:
        return ("key", request.auth.pk) if isinstance(request.auth, ApiKey) else None

    def limit(self) -> int:
        return int(settings.API_KEY_RATE)
