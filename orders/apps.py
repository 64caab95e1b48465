from typing import Any

from django.apps import AppConfig
from django.core import checks


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Trades"

    def ready(self) -> None:
        checks.register(_clocks_end_in_time)


def _clocks_end_in_time(**_: Any) -> list[checks.CheckMessage]:
    """`manage.py check` refuses clocks by which a trade could outlast the processor's limit."""
    from orders import longest
    from payments import holding

    days, limit = longest.days(), holding.returned_after_days()
    text = (
        f"By these clocks a trade can take {days:.0f} days; no payment is held above {limit:.0f}."
    )
    return [] if days <= limit else [checks.Error(text, id="orders.E001")]
