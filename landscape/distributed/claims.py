"""Claims of tasks and heartbeats of ranks in a shared key-value store; no barriers.

The store is that of the launcher (``torch.distributed.TCPStore``), which needs no process group;
if the launcher runs none, rank 0 does, at the address given. A claim names the process that made
it. Claims of a dead process are free again: a process is dead once its rank has been restarted or
its heartbeat has stopped.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from landscape.distributed.environment import Process
from landscape.errors import InputError

BEAT_S = 1.0
LEASE_S = 6.0
"""Seconds without a heartbeat after which a process is considered dead."""

STARTING_S = 60.0
"""Seconds for which a rank that has not registered is considered to be starting."""

_TIMEOUT = timedelta(seconds=60)
_POLL_S = 0.05


class Claims:
    """Access of one rank to the store, for one job; a context manager that sends heartbeats.

    ``process``: this process and the address of the store. ``job``: distinguishes this job from
    others of the same launch.
    """

    def __init__(self, process: Process, job: str) -> None:
        self.rank, self.world = process.rank, process.world
        self._me = f"{process.rank} {uuid.uuid4().hex}"
        self._job = job
        self._begun = time.monotonic()
        self._seen: dict[str, tuple[int, float]] = {}
        self._stop = threading.Event()
        with _reached():
            self._kept = _kept(process) if process.keeps_store else None
            # Two connections, so that heartbeats do not wait for other requests.
            self._store, self._pulse = (_store(process, is_master=False) for _ in range(2))

    def __enter__(self) -> Claims:
        self.put(f"process {self.rank}", self._me)
        with _reached():
            self._pulse.add(self._key(f"beats {self._me}"), 1)
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._heart.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._stop.set()
        self._heart.join()
        try:
            self.put(f"process {self.rank}", "left")  # frees its claims at once
        except StoreUnreachable:
            if error is None:
                raise

    def put(self, name: str, text: str) -> None:
        """Store a text under a name, replacing any earlier one."""
        with _reached():
            self._store.set(self._key(name), text)

    def has(self, name: str) -> bool:
        """Whether a name exists."""
        with _reached():
            return bool(self._store.check([self._key(name)]))

    def get(self, name: str) -> str | None:
        """The text under a name, or None."""
        with _reached():
            if not self._store.check([self._key(name)]):
                return None
            return str(self._store.get(self._key(name)).decode())

    def put_first(self, name: str, text: str) -> str | None:
        """Store a text and return None, or return the existing one."""
        with _reached():
            stored = self._store.compare_set(self._key(name), "", text).decode()
        return None if stored == text else str(stored)

    def add_to_list(self, name: str, word: str) -> None:
        """Append a word without spaces to a list."""
        with _reached():
            self._store.append(self._key(name), f"{word} ")

    def listed(self, name: str) -> list[str]:
        """The words of a list."""
        return (self.get(name) or "").split()

    def agree(self, name: str, make: Callable[[], Any]) -> Any:
        """Return the result of ``make`` on rank 0, sent as JSON, on all ranks; others wait."""
        name = f"agreed {name}"
        if self.rank == 0 and not self.has(name):
            self.put(name, json.dumps(make()))
        return json.loads(self.wait_for(name))

    def wait_for(self, name: str) -> str:
        """The text under a name, waiting until it exists."""
        while (text := self.get(name)) is None:
            time.sleep(_POLL_S)
        return text

    def wait_for_others(self) -> None:
        """If this process runs the store, wait until no other rank needs it."""
        while self._kept is not None and self.others_alive():
            time.sleep(_POLL_S)

    def claim(self, task: str, done: str) -> bool:
        """Try to claim a task; whether this process has to do it.

        ``task``: name of the task. ``done``: name under which its result is stored: a finished task
        is not claimed.
        """
        key = self._key(f"claim {task}")
        with _reached():
            holder = self._store.compare_set(key, "", self._me).decode()
        if holder != self._me:
            if not self._is_dead(holder):
                return False
            with _reached():
                holder = self._store.compare_set(key, holder, self._me).decode()
        return bool(holder == self._me) and not self.has(done)

    def others_alive(self) -> bool:
        """Whether any other rank is running or still starting."""
        return any(self._takes_part(r) for r in set(range(self.world)) - {self.rank})

    def _takes_part(self, rank: int) -> bool:
        process = self.get(f"process {rank}")
        if process is None:  # not started yet
            return time.monotonic() - self._begun < STARTING_S
        return process != "left" and not self._is_dead(process)

    def _is_dead(self, process: str) -> bool:
        """Whether the process that made a claim is dead, by the clock of this process."""
        rank = int(process.partition(" ")[0])
        # The launcher restarts all ranks when their number changes: larger ranks are gone.
        if rank >= self.world or self.get(f"process {rank}") != process:
            return True
        with _reached():
            beats = self._store.add(self._key(f"beats {process}"), 0)
        now = time.monotonic()
        before, since = self._seen.get(process, (-1, now))
        if beats != before:
            before, since = beats, now
        self._seen[process] = before, since
        return now - since > LEASE_S

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_S):
            try:
                with _reached():
                    self._pulse.add(self._key(f"beats {self._me}"), 1)
            except StoreUnreachable:
                return  # the next request of this rank raises it

    def _key(self, name: str) -> str:
        return f"landscape/{self._job}/{name}"


class StoreUnreachable(InputError):
    """The launcher has ended, and its store with it."""


def _kept(process: Process) -> Any:
    """The store, listening only on the address chosen by the launcher."""
    address, port = process.address, process.port
    try:
        listening = socket.create_server((address, port))
    except OSError as error:
        raise StoreUnreachable(
            f"cannot listen on {address}:{port}, the address chosen by torchrun "
            f"({error.strerror}); start again, or give torchrun a local address"
        ) from None
    return _store(process, is_master=True, master_listen_fd=listening.detach())


def _store(process: Process, **role: Any) -> Any:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    waiting: dict[str, Any] = {"wait_for_workers": False, "timeout": _TIMEOUT}
    return TCPStore(process.address, process.port, **waiting, **role)


@contextmanager
def _reached() -> Iterator[None]:
    from torch.distributed import DistError

    try:
        yield
    except DistError as error:
        raise StoreUnreachable(
            f"torchrun's store cannot be reached ({str(error).splitlines()[0]}); computed points "
            "are saved: run the same command to resume"
        ) from None
