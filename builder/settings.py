"""All settings, read from the environment (`.env.example` lists every variable). Defaults are safe for a laptop.

Without SECRET_KEY the instance is *embedded*: `manage.py up` has written a key file into DATA_DIR and every command
reads it from there. With SECRET_KEY set, everything comes from the environment and nothing is generated.
"""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    environ.Env.read_env(BASE_DIR / ".env")

# --- Instance
DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / ".data"))).resolve()
KEY_FILE = DATA_DIR / "keys.json"
_keys = json.loads(KEY_FILE.read_text()) if KEY_FILE.exists() else {}
EMBEDDED = not env("SECRET_KEY", default="")
SECRET_KEY = env("SECRET_KEY", default="") or _keys.get("SECRET_KEY", "")
# `id:base64,...`, the first is the active one; see runtime/vault.py.
SECRET_KEKS = env("SECRET_KEKS", default="") or (_keys.get("SECRET_KEKS", "") if EMBEDDED else "")
if not SECRET_KEY:
    # Commands that need no secrets (`--help`, `up` before its first run, `makemigrations`) still have to start.
    if env.bool("SEGUE_REQUIRE_KEYS", default=False):
        raise ImproperlyConfigured("There is no SECRET_KEY: set it, or run `python3 manage.py up` once.")
    SECRET_KEY = "embedded-instance-without-a-key-file-yet-" + os.urandom(16).hex()

PUBLIC_URL = env("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
HTTPS = _public.scheme == "https"
# A laptop is reached by many names on its own network; a server with its own SECRET_KEY says its names.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if EMBEDDED else [_public.hostname or "localhost"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if HTTPS else []

# --- Applications
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "builder.static_files.StaticFiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "django_q",
    "axes",
    "csp",
    # Ours come last: they take back what others put into the admin (runtime/admin.py).
    "runtime",
    "integrations",
    "builder",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "builder.caching.keep_private",
    "builder.compressing.Compression",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "builder.urls"
ASGI_APPLICATION = "builder.asgi.application"
WSGI_APPLICATION = "builder.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

# --- Database
#: Milliseconds, of each session. The last ends the transaction of a process that was stopped midway: others take over.
POSTGRESQL_TIMEOUTS = {
    "statement_timeout": 15_000, "lock_timeout": 5_000, "idle_in_transaction_session_timeout": 30_000,
}  # fmt: skip
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'segue.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["ENGINE"] = "runtime.sqlite3"
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
        "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-8000;",
    }
    # A file, never memory: the web server, the worker and the tests' own processes must see one database.
    _database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
elif _database["ENGINE"].endswith("postgresql"):
    _database["CONN_MAX_AGE"] = 0  # the pool keeps connections; Django's own keeping would bypass it
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        # `reconnect_timeout`: a lost server is tried anew every few seconds, never at growing distances.
        "pool": {"min_size": 1, "max_size": 12, "timeout": 10, "reconnect_timeout": 4},
        "prepare_threshold": 3,  # for what is asked by runtime/rows.py; Django's own cursors prepare nothing
        # `jit`: compiling a statement of ours takes seconds, running it milliseconds; estimates over a million rows
        # make PostgreSQL compile.
        "options": " ".join(f"-c {name}={value}" for name, value in {**POSTGRESQL_TIMEOUTS, "jit": "off"}.items()),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env("REDIS_URL", default="")
# Of each process; not Redis, for the queue keeps its sign of life here and must not hang with it.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Live hints travel over the database and the wake sockets (runtime/live.py); no channel layer keeps anything.
CHANNEL_LAYERS = {}

# The processes that a web consists of (builder/forking.py), each of which keeps to one core at a time.
WEBS = max(1, env.int("WEBS", default=min(2, os.cpu_count() or 1)))

# --- Queue (django-q2): a row there only says "there is due work"
WORKERS = env.int("WORKERS", default=2)
Q_CLUSTER = {
    "name": "segue",
    "orm": "default",
    "broker_class": "runtime.broker.WokenBroker",
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "bulk": 1,
    "timeout": 120,
    "retry": 600,  # >= 4 x timeout: the lock starts when a row is fetched, not when work starts
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "scheduler": False,
    "recycle": 500,
    "poll": 0.5,
    "log_level": "WARNING",
}
# The runner's own numbers (runtime/runner.py); SPEED.md has the reasons for the sizes.
RUN_THREADS = env.int("RUN_THREADS", default=64)
LEASE_SECONDS = env.float("LEASE_SECONDS", default=30.0)
WATCHDOG_SECONDS = env.float("WATCHDOG_SECONDS", default=15.0)

# --- Sign-in, sessions, transport
AUTH_USER_MODEL = "runtime.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
AXES_USERNAME_FORM_FIELD = "username"  # what the sign-in form calls it; people sign in by e-mail
AXES_USERNAME_CALLABLE = "builder.pages.sign_in.tried_as"  # one count, however the address is spelled
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "errors/locked_out.html"
AXES_VERBOSE = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "builder.problems.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_NAME = "__Host-segue" if HTTPS else "segue"
CSRF_COOKIE_NAME = "__Host-segue-csrf" if HTTPS else "segue-csrf"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # documents are capped at 2 MiB; the rest is JSON around them
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# --- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["builder.access.ApiKeyAuthentication", "builder.access.BrowserAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["builder.access.MayCall"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["builder.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["builder.throttling.MemberThrottle", "builder.throttling.ApiKeyThrottle"],
    "EXCEPTION_HANDLER": "builder.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Segue",
    "DESCRIPTION": "Flows before, during and after the conversations that AI agents hold.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"ModeEnum": ["live", "dry"], "PeopleModeEnum": ["online", "offline", "hours"]},
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "builder.api.doors.add_doors"],
}

# --- Requests a second: of a program with one key, and of a person
API_KEY_RATE, MEMBER_RATE = 1000, 200

# --- Outgoing calls
EGRESS_ALLOW = env("EGRESS_ALLOW", default="")  # `host:port=network,...`: the only way to reach private addresses
EGRESS_PROXY = env("EGRESS_PROXY", default="")
vars().update({k: v for k, v in env.email("EMAIL_URL", default="consolemail://").items() if k.startswith("EMAIL_")})
EMAIL_TIMEOUT = 10
_mail_user = vars().get("EMAIL_HOST_USER") or ""
DEFAULT_FROM_EMAIL = _mail_user if "@" in _mail_user else f"segue@{_public.hostname}"
# Run JavaScript where seccomp is missing, confined by resource limits alone.
JS_ALLOW_WEAK_SANDBOX = env.bool("JS_ALLOW_WEAK_SANDBOX", default=False)
METRICS_TOKEN = env("METRICS_TOKEN", default="")
SENTRY_DSN = env("SENTRY_DSN", default="")
# The exporter reads it too, like its other OTEL_ variables; empty = no spans are made (runtime/tracing.py).
OTEL_EXPORTER_OTLP_ENDPOINT = env("OTEL_EXPORTER_OTLP_ENDPOINT", default="")

# --- Static files (builder/static_door.py answers them), language, logs
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "builder.static_files.CollectedFiles"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/.*[.-][0-9a-f]{12}[./]"
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = DATA_DIR / "media"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True
LOG_FORMAT = env("LOG_FORMAT", default="text")  # or "json"
LOGGING_CONFIG = "builder.logs.configure"
LOGGING = {"format": LOG_FORMAT}

# Crash points of the runner (runtime/crashing.py) exist only where a test asked for them.
CRASH_POINTS = env.bool("SEGUE_CRASH_POINTS", default=False)
