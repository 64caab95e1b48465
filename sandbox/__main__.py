"""`python -m sandbox`: applies the schema, starts the background threads, serves until stopped."""

import gc
import os
import signal
import sys

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    """Runs the sandbox on 127.0.0.1:$SANDBOX_PORT until a TERM or INT signal."""
    # Whoever starts this may have the application's settings in its environment.
    os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
    django.setup()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from sandbox import background, serving
    from sandbox.wsgi import application

    try:
        server = serving.bind(application)
    except OSError as error:
        sys.exit(f"The sandbox cannot listen on 127.0.0.1:{settings.PORT}: {error.strerror}.")
    call_command("migrate", verbosity=0)
    background.start()
    # What is imported stays: the search for garbage leaves it out.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    print(f"Sandbox on http://127.0.0.1:{settings.PORT}/_control/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
