"""The app of those who issue credit."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """Providers, their programmes and prices, and what their terms say about resale."""

    name = "providers"
