"""Everything comes from the environment; `.env.example` explains each name.

A wrong or missing value stops the start with a sentence that names it.
"""

import os
from pathlib import Path

from celery.schedules import schedule
from csp.constants import NONCE, NONE, SELF
from environs import Env, EnvError

from marketplace import signing_in
from marketplace.console.theme import UNFOLD  # noqa: F401
from marketplace.local import environment as local
from marketplace.signing_in import *  # noqa: F403

ROOT = Path(__file__).resolve().parent.parent

if local.is_local():
    local.apply()

env = Env(eager=False)
SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [])
BASE_URL = env.url("BASE_URL")
DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
if os.environ.get("DATABASE_REPLICA_URL"):
    DATABASES["replica"] = env.dj_db_url("DATABASE_REPLICA_URL")
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", 0)
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL")
CACHE_URL = env.str("CACHE_URL")
EMAIL_CONFIG = env.dj_email_url("EMAIL_URL")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Surplus <no-reply@surplus.example>")
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "https://api.stripe.com")
GITHUB_CLIENT_ID = env.str("GITHUB_CLIENT_ID", "")
GITHUB_CLIENT_SECRET = env.str("GITHUB_CLIENT_SECRET", "")
GOOGLE_CLIENT_ID = env.str("GOOGLE_CLIENT_ID", "")
GOOGLE_CLIENT_SECRET = env.str("GOOGLE_CLIENT_SECRET", "")
# Where the stand-ins for GitHub, Google and Stripe answer; empty in production.
SANDBOX_URL = env.str("SANDBOX_URL", "")
FIELD_KEYS: list[str] = env.list("FIELD_KEYS")
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
SENTRY_DSN = env.str("SENTRY_DSN", "")
DATA_DIR = Path(env.str("DATA_DIR", str(ROOT / "var"))).resolve()
DEMO_PASSWORD = env.str("DEMO_PASSWORD", "surplus-demo")
DEMO_TOTP_SECRET = env.str("DEMO_TOTP_SECRET", local.DEMO_TOTP_SECRET)

HOUR, DAY = 3600, 86400
PAY_WITHIN_SECONDS = env.int("PAY_WITHIN_SECONDS", 2 * HOUR)
DELIVER_WITHIN_SECONDS = env.int("DELIVER_WITHIN_SECONDS", 3 * DAY)
INSPECT_WITHIN_SECONDS = env.int("INSPECT_WITHIN_SECONDS", 3 * DAY)
COOLING_OFF_SECONDS = env.int("COOLING_OFF_SECONDS", 1 * DAY)
ANSWER_WITHIN_SECONDS = env.int("ANSWER_WITHIN_SECONDS", 3 * DAY)
AGREE_WITHIN_SECONDS = env.int("AGREE_WITHIN_SECONDS", 3 * DAY)
PROPOSAL_LASTS_SECONDS = env.int("PROPOSAL_LASTS_SECONDS", 2 * DAY)
DECIDE_WITHIN_SECONDS = env.int("DECIDE_WITHIN_SECONDS", 10 * DAY)
APPEAL_WITHIN_SECONDS = env.int("APPEAL_WITHIN_SECONDS", 3 * DAY)
MESSAGES_AFTER_SECONDS = env.int("MESSAGES_AFTER_SECONDS", 14 * DAY)
RATE_WITHIN_SECONDS = env.int("RATE_WITHIN_SECONDS", 14 * DAY)
READING_INTERVAL_SECONDS = env.int("READING_INTERVAL_SECONDS", 60)
WATCH_SECONDS = env.int("WATCH_SECONDS", 14 * DAY)
WATCH_INTERVAL_SECONDS = env.int("WATCH_INTERVAL_SECONDS", 6 * HOUR)
SWEEP_INTERVAL_SECONDS = env.int("SWEEP_INTERVAL_SECONDS", 5)
COMMISSION_BP = env.int("COMMISSION_BP", 800)
PAYOUT_MINIMUM_CENTS = env.int("PAYOUT_MINIMUM_CENTS", 1_00)
RESERVE_BP = env.int("RESERVE_BP", 1000)
RESERVE_SECONDS = env.int("RESERVE_SECONDS", 14 * DAY)
RESERVE_TRADES = env.int("RESERVE_TRADES", 10)
MAX_OPEN_ORDERS_PER_BUYER = env.int("MAX_OPEN_ORDERS_PER_BUYER", 20)
PARTS_FROM_CENTS = env.int("PARTS_FROM_CENTS", 500_00)
# How long the card processor lets the platform hold a payment, by its country (`payments.holding`).
HOLDING_LIMIT_DAYS = env.int("HOLDING_LIMIT_DAYS", 90)
FOUR_EYES_ABOVE_CENTS = env.int("FOUR_EYES_ABOVE_CENTS", 1_000_00)
FOUR_EYES_WITHIN_SECONDS = env.int("FOUR_EYES_WITHIN_SECONDS", 3 * DAY)
MONEY_DECISIONS_PER_HOUR = env.int("MONEY_DECISIONS_PER_HOUR", 30)
NEW_SELLER_OPEN_CENTS = env.int("NEW_SELLER_OPEN_CENTS", 2_500_00)
ESTABLISHED_SELLER_OPEN_CENTS = env.int("ESTABLISHED_SELLER_OPEN_CENTS", 25_000_00)
NEW_SELLER_COOLING_OFF_SECONDS = env.int("NEW_SELLER_COOLING_OFF_SECONDS", 3 * DAY)
THROTTLE_SCALE = env.float("THROTTLE_SCALE", 1.0)
try:
    env.seal()
except EnvError as error:
    raise SystemExit(f"The environment is not complete: {error}") from None

if THROTTLE_SCALE <= 0 and not DEBUG:
    raise SystemExit("THROTTLE_SCALE may be 0 only while DEBUG is on")
if not 0 < PAY_WITHIN_SECONDS <= DAY:
    raise SystemExit("PAY_WITHIN_SECONDS is at most a day: no payment page lives longer")
if not 0 < NEW_SELLER_OPEN_CENTS <= ESTABLISHED_SELLER_OPEN_CENTS:
    raise SystemExit("NEW_SELLER_OPEN_CENTS is above 0, ESTABLISHED_SELLER_OPEN_CENTS not below it")
if not (FOUR_EYES_ABOVE_CENTS >= 0 < MONEY_DECISIONS_PER_HOUR and FOUR_EYES_WITHIN_SECONDS > 0):
    raise SystemExit(
        "FOUR_EYES_ABOVE_CENTS is 0 or more, FOUR_EYES_WITHIN_SECONDS and"
        " MONEY_DECISIONS_PER_HOUR are above 0"
    )
if not 0 <= COMMISSION_BP <= 10_000:
    raise SystemExit("COMMISSION_BP is in basis points, 0 to 10000")
if not (WATCH_SECONDS > 0 < WATCH_INTERVAL_SECONDS):
    raise SystemExit("WATCH_SECONDS and WATCH_INTERVAL_SECONDS are above 0")
if PARTS_FROM_CENTS <= 0:
    raise SystemExit("PARTS_FROM_CENTS is above 0")
if not 0 <= RESERVE_BP <= 10_000:
    raise SystemExit("RESERVE_BP is in basis points, 0 to 10000")

SECURE = BASE_URL.scheme == "https"
SITE_ORIGIN = f"{BASE_URL.scheme}://{BASE_URL.netloc}"

INSTALLED_APPS = [
    # Without its own admin site, which would take the console's place.
    "unfold.apps.BasicAppConfig",
    "marketplace.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.google",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "pgtrigger",
    "heroicons",
    "accounts",
    "payments",
    "providers",
    "listings",
    "orders",
    "marketplace.apps.MarketplaceConfig",
]

MIDDLEWARE = [
    "accounts.pace.OnTheBeat",
    "marketplace.middleware.OneEncoding",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.devices.Seen",
    "accounts.stepup.BeforeChanges",
    "marketplace.middleware.PrivatePages",
    "marketplace.middleware.Refusals",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "marketplace.context.site",
            ],
        },
    }
]

# An order is shown with nine tables beside it: PostgreSQL took longer to weigh how to join them
# than to do it. Four at a time take it a quarter of that (ADR 37).
PLANNER = "-c join_collapse_limit=4"
for database in DATABASES.values():
    given = database.setdefault("OPTIONS", {}).get("options", "")
    database["OPTIONS"]["options"] = f"{given} {PLANNER}".strip()
    # A pool and a persistent connection exclude each other.
    if DATABASE_POOL_SIZE:
        database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL_SIZE}
    else:
        database["CONN_MAX_AGE"] = 60
    database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "accounts.counting_cache.CountingCache", "LOCATION": CACHE_URL}}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "accounts.backends.MailboxBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_DEFAULT_HTTP_PROTOCOL = BASE_URL.scheme
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
if not THROTTLE_SCALE:
    ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
SOCIALACCOUNT_PROVIDERS = signing_in.providers(
    (GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET), (GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET), SANDBOX_URL
)

LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "marketplace.formats"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        # Uploads are private: nothing serves this folder but views that check who asks.
        "OPTIONS": {"location": DATA_DIR / "private"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# Else every new handler, of which tests make thousands, would read all static files.
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
UPLOAD_LIMIT_BYTES = 5 * 1024 * 1024

EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_FILE_PATH = EMAIL_CONFIG["EMAIL_FILE_PATH"]
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_CONFIG["EMAIL_USE_TLS"]
EMAIL_USE_SSL = EMAIL_CONFIG["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.shapes.ObjectParser"],
    "DEFAULT_PAGINATION_CLASS": "marketplace.api.pages.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "marketplace.api.schema.Operation",
    "DEFAULT_THROTTLE_CLASSES": [
        "marketplace.api.throttles.Calls",
    ],
    "EXCEPTION_HANDLER": "marketplace.api.problems.handler",
    "NUM_PROXIES": TRUSTED_PROXY_COUNT,
    "PAGE_SIZE": 24,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Surplus",
    "DESCRIPTION": "Buy and sell unused AI and cloud credit. Cents are integers, moments are UTC.",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "TransferMethod": "providers.vocabulary.TransferMethod",
        "Rung": "providers.vocabulary.Rung",
        "ListingStatus": "listings.models.ListingStatus",
        "OrderStatus": "orders.models.OrderStatus",
        "EscrowStatus": "payments.models.EscrowStatus",
    },
}

CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
if CELERY_BROKER_URL.startswith("redis"):
    # Without the last two, a task of a killed worker comes back only after minutes.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    }
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat")
CELERY_BEAT_SCHEDULE = {
    name: {
        "task": f"marketplace.tasks.{name}",
        "schedule": schedule(seconds),
        # A sweep that could not start in time is pointless: the next one does its work.
        "options": {"expires": max(2 * seconds, 10)},
    }
    for name, seconds in {
        "sweep": SWEEP_INTERVAL_SECONDS,
        "measure": max(1, min(SWEEP_INTERVAL_SECONDS, READING_INTERVAL_SECONDS)),
        "count": 6 * SWEEP_INTERVAL_SECONDS,
        "poll": 6 * SWEEP_INTERVAL_SECONDS,
        "audit": 600,
        "reconcile": 900,
    }.items()
}

SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 365 * DAY if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_FAILURE_VIEW = "marketplace.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_ORIGIN]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Paying and signing in leave for the processor and the identity providers.
        "form-action": [SELF, "https://checkout.stripe.com", "https://connect.stripe.com"]
        + ["https://github.com", "https://accounts.google.com"]
        + ([SANDBOX_URL] if SANDBOX_URL else []),
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "marketplace.logs.OneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # The SDK logs whole requests, which carry addresses and amounts.
        "stripe": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
    },
}

if SENTRY_DSN:
    import sentry_sdk

    sentry_sdk.init(
        dsn=SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
    )
