"""The product's own settings with everything between server and view taken away."""

from marketplace.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floor"
MIDDLEWARE = []
# Only what the tables of the floor's queries belong to.
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "pgtrigger",
    "accounts",
    "payments",
    "providers",
    "listings",
]
