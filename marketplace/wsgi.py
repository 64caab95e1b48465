"""The web process. A pool of connections, since its threads come and go."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
os.environ.setdefault("DATABASE_POOL_SIZE", "4")

from django.core.wsgi import get_wsgi_application

from marketplace import memory

application = get_wsgi_application()
memory.settle()
