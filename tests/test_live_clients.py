"""Clients of the live view that send half a request, read nothing or go."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import landscape.live
from landscape.live import Server
from landscape.store import save_surface
from tests.explorer import bowl

_PATIENCE_S = 1.0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(landscape.live._Handler, "timeout", _PATIENCE_S)
    path = save_surface(bowl(9, 9), tmp_path / "bowl.h5")
    with Server([path]) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(5)


def connect(server: Server, words: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10)
    client.sendall(words)
    return client


def page(server: Server) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request("GET", "/data.json")
    status = connection.getresponse().status
    connection.close()
    return status


def eventually(is_so: object, within_s: float = 20.0) -> None:
    end = time.monotonic() + within_s
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)


def works(server: Server) -> bool:
    try:
        return page(server) == 200
    except (OSError, http.client.HTTPException):
        return False


def test_half_a_request_keeps_no_thread_for_ever(server: Server) -> None:
    before = threading.active_count()
    clients = [connect(server, b"GET / HTTP/1.1\r\nHost: local") for _ in range(60)]
    time.sleep(0.3)
    assert threading.active_count() - before <= landscape.live._MOST_CLIENTS
    eventually(lambda: works(server))
    eventually(lambda: threading.active_count() <= before + 1)
    for client in clients:
        client.close()


def test_all_clients_share_one_page(server: Server) -> None:
    contents = [server.watched.sent(page=True)[1] for _ in range(3)]
    assert contents[0] is contents[1] is contents[2]
    assert server.watched.sent(page=False)[1] is server.watched.sent(page=False)[1]


def test_clients_that_read_nothing_or_go_leave_no_trace(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    before = threading.active_count()
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    unread = [connect(server, request) for _ in range(10)]
    for _ in range(10):
        client = connect(server, request)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
        client.close()
    eventually(lambda: threading.active_count() <= before)
    assert works(server)
    assert capfd.readouterr().err == ""
    for client in unread:
        client.close()
