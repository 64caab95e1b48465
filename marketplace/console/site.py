"""The console's site: Django's admin in the theme of django-unfold."""

from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):
    site_header = "Surplus console"
    site_title = "Surplus console"
    index_title = "Queue"
