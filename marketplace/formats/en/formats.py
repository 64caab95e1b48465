"""Moments where no template filter writes them, as in the console's lists."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i e"
