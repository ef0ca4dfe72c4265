"""Serve the built book on a free port of this machine, to this machine only."""

import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = Path(__file__).resolve().parent.parent / "book" / "_build" / "html"
# Familiar ports first, so that an open tab survives a restart; then any free one.
PORTS = (*range(8000, 8010), 0)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each, many by one connection."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes it calmly when a reader leaves a page before it is all there."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Tell of what went wrong here, and not of a connection that was closed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def server(
    folder: Path = HTML, kind: type[SimpleHTTPRequestHandler] = Quiet
) -> ThreadingHTTPServer:
    """Return a server of `folder` on the first port that is free."""
    handler = functools.partial(kind, directory=str(folder))
    for port in PORTS:
        try:
            return Server(("127.0.0.1", port), handler)
        except OSError:
            continue
    message = "no free port on 127.0.0.1"
    raise OSError(message)


@contextmanager
def running(
    folder: Path = HTML, kind: type[SimpleHTTPRequestHandler] = Quiet
) -> Iterator[str]:
    """Serve `folder` beside what the caller does, who gets the address."""
    with server(folder, kind) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def main() -> int:
    """Serve until interrupted."""
    with server() as http:
        print(f"http://127.0.0.1:{http.server_port}/  (Ctrl-C stops)", flush=True)
        try:
            http.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
