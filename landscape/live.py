"""``python -m landscape.live``: show a surface in the browser while it is being computed.

A small server on the loopback address serves the explorer and, whenever a file has changed, its
new data. It only reads; a run replaces its file atomically, so neither disturbs the other.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from landscape import commandline
from landscape.errors import InputError, argument
from landscape.examples import located
from landscape.render.opened import opened
from landscape.render.page import page_data, page_html
from landscape.render.page.sequence import in_order

DESCRIPTION = """Show surfaces in the browser while they are being computed, coarse to fine.

The files need not exist yet. The server only reads, and is reachable from this machine only."""

EXAMPLE = "  python -m landscape.live resnet56.h5"

_HOST = "127.0.0.1"
_NAMES = ("127.0.0.1", "localhost")
_LINGER_S = 4.0
_WATCHED_S = 10.0
_NICER = 10
_PATIENCE_S = 10.0
"""How long a client may send or take nothing before it is cut off."""
_MOST_CLIENTS = 32


class Watched:
    """Surface files and their current page data; thread-safe."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._lock = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._data: dict[str, Any] = {}
        self._sent: dict[bool, bytes] = {}

    def data(self) -> tuple[str, dict[str, Any]]:
        """An ETag that changes whenever a file does, and the data for the page."""
        with self._lock:
            return self._current()

    def sent(self, *, page: bool) -> tuple[str, bytes]:
        """The ETag, and the page or its data as all clients get them: one copy in memory."""
        with self._lock:
            tag, data = self._current()
            if page not in self._sent:
                text = page_html(data, live=True) if page else json.dumps(data)
                self._sent[page] = text.encode()
            return tag, self._sent[page]

    def _current(self) -> tuple[str, dict[str, Any]]:
        seen = tuple(_stamp(path) for path in self._paths)
        if seen != self._seen:
            self._data, self._seen, self._sent = _data_of(self._paths), seen, {}
        return f'"{abs(hash(seen)):x}"', self._data


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _data_of(paths: Sequence[Path]) -> dict[str, Any]:
    """Data of the existing files, and messages about files that cannot be plotted."""
    surfaces, messages = [], []
    for path in paths:
        if not path.exists():
            messages.append(f"Waiting for {path.name}, which does not exist yet.")
            continue
        try:
            surfaces.append(opened(path))
        except InputError as error:
            messages.append(str(error))
    data: dict[str, Any] = {"heading": "Loss landscape", "panels": []}
    if surfaces:
        try:
            data = page_data(in_order(surfaces))
        except InputError as error:
            messages.append(str(error))
    done = sum(int(s.done.sum()) for s in surfaces)
    total = sum(s.grid.size for s in surfaces)
    if surfaces:
        messages.append(_progress(done, total))
    data["message"] = " ".join(messages)
    data["live"] = {"done": done, "total": total, "words": data["message"]}
    return data


def _progress(done: int, total: int) -> str:
    if done == total:
        return f"All {total:,} points are computed."
    return f"{done:,} of {total:,} points: a coarse preview, interpolated in between."


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE_S

    def do_GET(self) -> None:
        name = self.headers.get("Host", "").partition(":")[0]
        if name not in _NAMES:
            # DNS rebinding: a foreign page whose name resolves to this address must not read.
            self._send(HTTPStatus.FORBIDDEN, b"expected the host 127.0.0.1 or localhost\n")
            return
        self.server.last_request = time.monotonic()
        if self.path == "/":
            _, page = self.server.watched.sent(page=True)
            self._send(HTTPStatus.OK, page, "text/html")
        elif self.path == "/data.json":
            tag, data = self.server.watched.sent(page=False)
            if self.headers.get("If-None-Match") == tag:
                self._send(HTTPStatus.NOT_MODIFIED, b"", tag=tag)
            else:
                self._send(HTTPStatus.OK, data, "application/json", tag)
        else:
            self._send(HTTPStatus.NOT_FOUND, b"expected / or /data.json\n")

    def _send(
        self, status: HTTPStatus, content: bytes, kind: str = "text/plain", tag: str = ""
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the terminal belongs to the run."""


class Server(ThreadingHTTPServer):
    """Serves the explorer of surface files at ``url``, on the loopback address only.

    Raises an InputError if the port is invalid or in use.

    Parameters
    ----------
    paths
        Surface files; they need not exist yet.
    port
        0 selects a free port.
    """

    daemon_threads = True

    def __init__(self, paths: Sequence[Path], port: int = 0) -> None:
        if not 0 <= port <= 65535:
            raise InputError(f"{argument('port', port)}: expected 1 to 65535, or 0 for a free one")
        self.watched = Watched(paths)
        self.last_request = -_WATCHED_S
        self._places = threading.BoundedSemaphore(_MOST_CLIENTS)
        try:
            super().__init__((_HOST, port), _Handler)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise InputError(
                f"{argument('port', port)}: {reason}; choose another, or leave {argument('port')} "
                "out for a free one"
            ) from None

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a client in a thread of its own, or cut it off if there are too many."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a client."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has gone: the terminal belongs to the run."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{_HOST}:{self.server_address[1]}/"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    return commandline.run(_command, argv, when_interrupted="no file was modified")


def _command(argv: Sequence[str] | None) -> None:
    given = _parser().parse_args(argv)
    paths = [located(path) for path in given.files]
    for path in paths:
        if path.is_dir():
            raise InputError(f"{path} is a folder; expected a surface file (may not exist yet)")
    with Server(paths, given.port) as server:
        names = ", ".join(path.name for path in paths)
        print(f"{server.url} shows {names}", flush=True)
        if given.until_input_ends:
            threading.Thread(target=_end_with_input, args=[server], daemon=True).start()
        server.serve_forever()


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("live", DESCRIPTION, EXAMPLE)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="surface files")
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="port of the page (default: a free one)"
    )
    parser.add_argument(
        "--until-input-ends",
        action="store_true",
        help="exit soon after standard input ends; used by sample --live",
    )
    return parser


def _end_with_input(server: Server) -> None:
    sys.stdin.buffer.read()
    if time.monotonic() - server.last_request < _WATCHED_S:
        time.sleep(_LINGER_S)  # an open page polls once more and gets the last points
    server.shutdown()


@contextlib.contextmanager
def shown_meanwhile(paths: Sequence[Path]) -> Iterator[None]:
    """Run a server for ``paths`` in a separate low-priority process while the body runs.

    The body is not affected if the server fails; the server exits when this process ends in any
    way.
    """
    command = [sys.executable, "-m", "landscape.live", "--until-input-ends", "--"]
    try:
        process = subprocess.Popen(
            [*command, *map(str, paths)],
            stdin=subprocess.PIPE,
            # Ctrl-C is for the run; the server ends after it.
            start_new_session=True,
        )
    except OSError as error:
        print(f"no live view: {error}", file=sys.stderr)
        yield
        return
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, process.pid, own + _NICER)
    try:
        yield
    finally:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
