"""The worker and the scheduler; tasks carry ids only, and the database decides what is due."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from marketplace import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery("surplus")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["marketplace"])


@worker_process_init.connect
def _settle(**_: Any) -> None:
    memory.settle()
