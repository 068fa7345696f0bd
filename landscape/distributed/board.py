"""The board that all ranks write on: claims, values, who is alive. Nobody ever waits at a barrier.

It is the launcher's own key-value store (``torch.distributed.TCPStore``), which needs no process
group; where the launcher keeps none for its processes, rank 0 does, at the address it was given.
A claim names the process that made it. What a dead one has claimed is free again: one whose rank
has been started anew is dead at once, any other once its heartbeat has stood still.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any

from landscape.distributed.launcher import Launched
from landscape.errors import InputError

BEAT_S = 1.0
LEASE_S = 6.0
"""Seconds without a heartbeat after which a process is taken for dead."""

COMING_S = 60.0
"""Seconds in which a rank that has not been heard of yet is taken to be starting."""

_PATIENCE = timedelta(seconds=60)
_ASK_AGAIN_S = 0.05


class Board:
    """The store, for one job of one rank; a context in which its heart beats.

    Parameters
    ----------
    launched
        Which process this is, and where the store listens.
    job
        What tells this job from others that the same launch may do.
    """

    def __init__(self, launched: Launched, job: str) -> None:
        self.rank, self.world = launched.rank, launched.world
        self._me = f"{launched.rank} {uuid.uuid4().hex}"
        self._job = job
        self._begun = time.monotonic()
        self._seen: dict[str, tuple[int, float]] = {}
        self._stop = threading.Event()
        with _reached():
            self._kept = _kept(launched) if launched.keeps_store else None
            # Two connections: a heart does not wait for what its owner is asking.
            self._store, self._pulse = _connected(launched), _connected(launched)

    def __enter__(self) -> Board:
        self.put(f"process {self.rank}", self._me)
        with _reached():
            self._pulse.add(self._key(f"beats {self._me}"), 1)
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._heart.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._heart.join()
        try:
            self.put(f"process {self.rank}", "left")  # its claims are free at once
        except LostLauncher:
            if error is None:
                raise

    def put(self, name: str, text: str) -> None:
        """Write over what stands there."""
        with _reached():
            self._store.set(self._key(name), text)

    def has(self, name: str) -> bool:
        """Whether something stands there."""
        with _reached():
            return bool(self._store.check([self._key(name)]))

    def get(self, name: str) -> str | None:
        """What stands there, or None."""
        with _reached():
            if not self._store.check([self._key(name)]):
                return None
            return str(self._store.get(self._key(name)).decode())

    def put_first(self, name: str, text: str) -> str | None:
        """Write where nothing stands yet; what another has written there before, or None."""
        with _reached():
            stands = self._store.compare_set(self._key(name), "", text).decode()
        return None if stands == text else str(stands)

    def add_to_list(self, name: str, word: str) -> None:
        """Lengthen a list by a word without spaces."""
        with _reached():
            self._store.append(self._key(name), f"{word} ")

    def listed(self, name: str) -> list[str]:
        """The words of a list."""
        return (self.get(name) or "").split()

    def agree(self, name: str, make: Callable[[], Any]) -> Any:
        """What rank 0 has made, for everyone: the others wait for it. JSON can hold it."""
        name = f"agreed {name}"
        if self.rank == 0 and not self.has(name):
            self.put(name, json.dumps(make()))
        return json.loads(self.wait_for(name))

    def wait_for(self, name: str) -> str:
        """What stands there, as soon as something does."""
        while (text := self.get(name)) is None:
            time.sleep(_ASK_AGAIN_S)
        return text

    def wait_for_others(self) -> None:
        """Until no other rank needs this process, if it keeps the store."""
        while self._kept is not None and self.others_alive():
            time.sleep(_ASK_AGAIN_S)

    def claim(self, task: str, done: str) -> bool:
        """Whether the task is this process's to do.

        Parameters
        ----------
        task
            Its name.
        done
            What stands on the board once it is done: then it is nobody's any more.
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

    def others_alive(self, but: Collection[int] = ()) -> bool:
        """Whether any other rank, but for these, takes part, or is about to."""
        return any(self._takes_part(r) for r in set(range(self.world)) - {self.rank, *but})

    def _takes_part(self, rank: int) -> bool:
        process = self.get(f"process {rank}")
        if process is None:  # it has been started and is on its way
            return time.monotonic() - self._begun < COMING_S
        return process != "left" and not self._is_dead(process)

    def _is_dead(self, process: str) -> bool:
        """Whether the process that signs like this is gone, by this process's own clock."""
        rank = int(process.partition(" ")[0])
        # A launch starts all ranks anew when it changes: there are none beyond it.
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
            except LostLauncher:
                return  # which the owner learns by its own next question

    def _key(self, name: str) -> str:
        return f"landscape/{self._job}/{name}"


class LostLauncher(InputError):
    """The launcher has gone, and with it what the ranks know of each other."""


def _kept(launched: Launched) -> Any:
    """The store itself, on the address that the launcher has chosen and on no other."""
    from torch.distributed import TCPStore

    address, port = launched.address, launched.port
    try:
        listening = socket.create_server((address, port))
    except OSError as error:
        raise LostLauncher(
            f"no store can listen on {address}:{port}, which torchrun has chosen "
            f"({error.strerror}); start again, or give --local-addr"
        ) from None
    return TCPStore(
        address,
        port,
        is_master=True,
        wait_for_workers=False,
        master_listen_fd=listening.detach(),
        timeout=_PATIENCE,
    )


def _connected(launched: Launched) -> Any:
    from torch.distributed import TCPStore

    return TCPStore(
        launched.address,
        launched.port,
        is_master=False,
        wait_for_workers=False,
        timeout=_PATIENCE,
    )


@contextmanager
def _reached() -> Iterator[None]:
    from torch.distributed import DistError

    try:
        yield
    except DistError as error:
        raise LostLauncher(
            f"torchrun's store cannot be reached ({str(error).splitlines()[0]}); what was computed "
            "is saved: the same command goes on"
        ) from None
