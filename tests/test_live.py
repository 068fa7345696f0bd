"""The live view: loopback only, read-only, new data whenever the file changes."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.grid import coarse_to_fine
from landscape.live import Server, Watched, shown_meanwhile
from landscape.store import open_surface, save_surface
from tests.conftest import ROOT
from tests.explorer import Explorer, bowl


def grown(points, n=9):
    surface = bowl(n, n, title="growing")
    surface.done[:] = False
    surface.done.flat[coarse_to_fine(surface.grid.shape)[:points]] = True
    for values in surface.values.values():
        values[~surface.done] = np.nan
    return surface


@pytest.fixture
def served(tmp_path):
    """A server for a file that does not exist yet, and the file."""
    path = tmp_path / "growing.h5"
    with Server([path]) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server, path
        server.shutdown()
        thread.join(5)


def ask(server, path="/data.json", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_it_waits_for_the_file_and_follows_it(served):
    server, path = served
    answer, content = ask(server)
    data = json.loads(content)
    assert data["panels"] == []
    assert data["message"] == "Waiting for growing.h5, which does not exist yet."
    for points in (0, 4, 30, 81):
        save_surface(grown(points), path)
        before, (answer, content) = answer, ask(server)
        assert answer.headers["ETag"] != before.headers["ETag"]
        data = json.loads(content)
        assert (data["live"]["done"], data["live"]["total"]) == (points, 81)
        values = data["panels"][0]["values"]["train_loss"]
        assert sum(v is not None for v in values) == points
        assert ("coarse preview" in data["live"]["words"]) == (points < 81)
        coarse = data["panels"][0]["coarse"]
        size = {0: None, 4: 2, 30: 5, 81: None}[points]
        assert coarse is None if size is None else len(coarse["rows"]) == size
    unchanged, content = ask(server, **{"If-None-Match": answer.headers["ETag"]})
    assert (unchanged.status, content) == (304, b"")


def test_a_file_that_cannot_be_plotted_is_reported(served):
    server, path = served
    path.write_bytes(b"no HDF5")
    data = json.loads(ask(server)[1])
    assert data["panels"] == []
    assert "growing.h5 is not a readable HDF5 file" in data["message"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("127.0.0.1", 200),
        ("evil.example:{port}", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:{port}", 403),
        ("", 403),
    ],
)
def test_only_its_own_names_are_answered(served, host, status):
    server, path = served
    save_surface(grown(81), path)
    answer, content = ask(server, Host=host.format(port=server.server_address[1]))
    assert answer.status == status
    assert (b"train_loss" in content) == (status == 200)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/growing.h5", 404),
        ("GET", "/../growing.h5", 404),
        ("GET", "/etc/passwd", 404),
        ("POST", "/data.json", 501),
        ("PUT", "/data.json", 501),
        ("DELETE", "/", 501),
        ("OPTIONS", "/", 501),
    ],
)
def test_it_serves_the_page_and_its_data_read_only(served, method, path, status):
    server, _ = served
    assert ask(server, path, method)[0].status == status


def test_states_of_one_network_are_in_the_order_of_their_numbers(tmp_path):
    paths = [
        save_surface(bowl(5, 4, title=f"epoch {n}", weights_sha256=str(n)), tmp_path / f"{n}.h5")
        for n in (1, 10, 2)
    ]
    _, data = Watched(paths).data()
    assert data["sequence"]
    assert [panel["title"] for panel in data["panels"]] == ["epoch 1", "epoch 2", "epoch 10"]


def test_it_listens_on_the_loopback_address_only(served):
    server, _ = served
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_address[1]}/"
    taken = server.server_address[1]
    with pytest.raises(InputError, match=f"port={taken}: .*in use.*choose another"):
        Server([], taken)


def test_the_page_refines_itself(served, browser):
    server, path = served
    explorer = Explorer(browser, server.url)
    words = explorer.page.locator("#live-words")
    assert words.inner_text() == "Waiting for growing.h5, which does not exist yet."
    save_surface(grown(30), path)
    drawn = "() => (document.querySelector('.surface') || {}).data !== undefined"
    explorer.until(drawn)
    explorer.settle()
    assert words.inner_text() == "30 of 81 points: a coarse preview, interpolated in between."
    assert explorer.page.locator("#progress").evaluate("(e) => e.value / e.max") == 30 / 81
    assert np.isfinite(explorer.samples()).all()
    explorer.choose(scale="linear")
    save_surface(grown(81), path)
    explorer.until("() => document.getElementById('live-words').textContent.startsWith('All 81')")
    explorer.settle()
    # The reader's choices are kept.
    wanted = np.clip(grown(81)["train_loss"], 0, explorer.state["high"])
    assert explorer.samples() == pytest.approx(wanted, rel=1e-5)
    explorer.close()


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def url_of(stream):
    """The address in the first line of output of a process."""
    line = stream.readline()
    return re.search(r"http://127\.0\.0\.1:(\d+)/", line), line


def answers(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_until(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc, as on Linux")
def test_it_ends_with_the_run_however_that_ends(tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom landscape.live import shown_meanwhile\n"
        "with shown_meanwhile([Path('a.h5')]):\n    time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    found, line = url_of(process.stdout)
    assert "shows a.h5" in line
    port = int(found[1])
    assert answers(port)
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    own, nicer = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (process.pid, int(child)))
    assert nicer == min(own + 10, 19)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    wait_until(lambda: not answers(port))


def test_a_server_that_cannot_start_does_not_stop_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with shown_meanwhile([tmp_path / "a.h5"]):
        print("computed")
    said = capsys.readouterr()
    assert said.out == "computed\n"
    assert said.err.startswith("no live view: ")


def test_sample_live(tmp_path):
    (tmp_path / "users.py").write_text(
        "import torch\nfrom torch import nn\n\ndef good():\n    torch.manual_seed(0)\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))\n"
    )
    result = subprocess.run(
        [
            *[sys.executable, "-m", "landscape.sample", "--model", "users:good", "--limit", "5"],
            *["--x=-1:1:3", "--tune", "off", "--live", "-o", "out.h5"],
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "out.h5: " in result.stdout
    assert "plot it: python -m landscape.render out.h5" in result.stdout
    assert open_surface(tmp_path / "out.h5").complete
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix) == ["out.h5", "users.py"]
