#!/usr/bin/env python
"""Django's command line; on a local run it brings the embedded servers with it."""

import gc
import os
import sys

from marketplace import memory
from marketplace.local import embedded, environment


def main() -> None:
    environment.read_env_file()
    if environment.is_local():
        environment.apply()
        embedded.start_at_need()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    # To migrate makes millions of objects, and hardly any garbage.
    gc.set_threshold(*memory.RARELY)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
