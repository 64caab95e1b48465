"""Settings of the sandbox: a small Django project of its own, with its own SQLite database."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
STATE_DIR = Path(os.environ.get("DATA_DIR", "var")).resolve() / "sandbox"
STATE_DIR.mkdir(parents=True, exist_ok=True)

PORT = int(os.environ.get("SANDBOX_PORT", "8010"))
WEBHOOK_URL = (
    os.environ.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/") + "/payments/webhooks/stripe/"
)
WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "whsec_sandbox")

# A clock that runs with the real one, or one that stands still unless the control moves it.
CLOCK_STANDS_STILL = os.environ.get("SANDBOX_CLOCK") == "still"

# How long things take, on the sandbox's clock. Real Stripe needs seconds for the fee and days for
# the rest; the order of events is kept, the waiting is not.
FEE_SECONDS = float(os.environ.get("SANDBOX_FEE_SECONDS", "2"))
AVAILABLE_SECONDS = float(os.environ.get("SANDBOX_AVAILABLE_SECONDS", "6"))
PAYOUT_SECONDS = float(os.environ.get("SANDBOX_PAYOUT_SECONDS", "3"))
REFUND_SECONDS = float(os.environ.get("SANDBOX_REFUND_SECONDS", "3"))
# How far refunds may take the platform's balance below zero before they have to wait.
OVERDRAFT_CENTS = int(os.environ.get("SANDBOX_OVERDRAFT_CENTS", "1000000"))
# The first retry of a webhook comes after this many real seconds, each later one after twice that.
WEBHOOK_RETRY_SECONDS = float(os.environ.get("SANDBOX_WEBHOOK_RETRY_SECONDS", "1"))

SECRET_KEY = "the sandbox signs nothing with this key"
DEBUG = False
# It listens on the loopback address only, under whatever name the developer's browser uses.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "sandbox.urls"
WSGI_APPLICATION = "sandbox.wsgi.application"
INSTALLED_APPS = ["sandbox"]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "sandbox.requestlog.RequestLogMiddleware",
]
APPEND_SLASH = False
USE_TZ = True
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": STATE_DIR / "sandbox.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "sandbox": {"handlers": ["console"], "level": "INFO"},
        # Refused and failing requests are what a sandbox is for: the control page shows them.
        "django.request": {"handlers": ["console"], "level": "CRITICAL", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "CRITICAL", "propagate": False},
    },
}
