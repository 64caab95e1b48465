from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    default = True


class ConsoleConfig(AdminConfig):
    """Django's admin, as the place where moderators work."""

    default = False
    default_site = "marketplace.console.site.ConsoleSite"
