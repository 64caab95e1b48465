"""The HTTP server: threads, HTTP/1.1, and connections that can be dropped on purpose."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpResponse

CONNECTION = "sandbox.connection"


class DroppedResponse(HttpResponse):
    """An answer that is lost: the work is done, but the connection closes without a byte."""


class Handler(WSGIRequestHandler):
    """Puts itself into the environ, so that a response may ask for the connection to be dropped."""

    # Head and body are two writes: the second would wait 40 ms for the first to be acknowledged.
    disable_nagle_algorithm = True

    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), CONNECTION: self}


class Server(ThreadedWSGIServer):
    """A thread per connection; a burst of buyers may queue."""

    request_queue_size = 256


def dropping(application: Callable[..., Any]) -> Callable[..., Iterable[bytes]]:
    """Wraps a WSGI application so that a `DroppedResponse` closes the socket instead of answering.

    Django's server takes `ConnectionAbortedError` for a client that went away and sends nothing.
    """

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        response: Iterable[bytes] = application(environ, start_response)
        if isinstance(response, DroppedResponse):
            response.close()
            environ[CONNECTION].close_connection = True
            raise ConnectionAbortedError("dropped on purpose")
        return response

    return call


def bind(application: Callable[..., Any]) -> Server:
    """Binds the loopback port; raises OSError when it is taken."""
    server = Server(("127.0.0.1", settings.PORT), Handler)
    server.set_app(dropping(application))
    return server
