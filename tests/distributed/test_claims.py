"""Claims: each task belongs to one process, and claims of dead processes are free."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest
import torch

from landscape.distributed import claims as claims_module
from landscape.distributed.claims import Claims, StoreUnreachable
from landscape.distributed.environment import Process, this_process
from landscape.errors import InputError
from tests.distributed.ranks import at_once, launch
from tests.distributed.torchrun import free_port

TASKS = [f"task {k}" for k in range(40)]


def test_each_task_is_claimed_once() -> None:
    with launch(4) as ranks:

        def claimed(rank: Process) -> list[str]:
            with Claims(rank, "job") as claims:
                found = [task for task in TASKS if claims.claim(task, f"done {task}")]
                claims.put(f"finished {rank.rank}", "")
                for other in ranks:
                    claims.wait_for(f"finished {other.rank}")
                return found

        found = at_once([lambda rank=rank: claimed(rank) for rank in ranks])  # type: ignore[misc]
    assert sorted(task for tasks in found for task in tasks) == sorted(TASKS)


def test_a_claim_lasts_as_long_as_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_module, "BEAT_S", 0.05)
    monkeypatch.setattr(claims_module, "LEASE_S", 0.5)
    with launch(2) as (zero, one), Claims(zero, "job") as mine:
        with Claims(one, "job") as other:
            assert other.claim("a", "done a")
            assert mine.others_alive()
            for _ in range(10):  # longer than the lease, but heartbeats continue
                assert not mine.claim("a", "done a")
                time.sleep(0.1)
        assert not mine.others_alive()
        assert mine.claim("a", "done a")  # it has left

        stopped = Claims(one, "job").__enter__()
        assert stopped.claim("b", "done b")
        stopped._stop.set()  # as if the process had been killed, or stopped
        assert not mine.claim("b", "done b")
        time.sleep(0.6)
        assert mine.claim("b", "done b")

        killed = Claims(one, "job").__enter__()
        assert killed.claim("c", "done c")
        with Claims(one, "job"):  # the launcher has restarted the rank
            assert mine.claim("c", "done c")
        killed._stop.set()


def test_a_rank_that_has_not_started_is_awaited_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with launch(2) as (rank, _), Claims(rank, "job") as claims:
        assert claims.others_alive()
        monkeypatch.setattr(claims_module, "STARTING_S", 0.0)
        assert not claims.others_alive()


def test_finished_tasks_are_not_claimed() -> None:
    with launch(1) as (rank,), Claims(rank, "job") as claims:
        claims.put("done a", "")
        assert not claims.claim("a", "done a")
        assert claims.put_first("x", "1") is None
        assert claims.put_first("x", "2") == "1"


def test_all_ranks_get_the_value_of_rank_0() -> None:
    with launch(3) as ranks:

        def agreed(rank: Process) -> object:
            with Claims(rank, "job") as claims:
                return claims.agree("number", lambda: [rank.rank, 0.1, "text"])

        found = at_once([lambda rank=rank: agreed(rank) for rank in ranks])  # type: ignore[misc]
    assert found == [[0, 0.1, "text"]] * 3


def test_a_launcher_that_ends_is_one_error() -> None:
    with launch(1) as (rank,):
        claims = Claims(rank, "job").__enter__()
    with pytest.raises(StoreUnreachable, match=r"torchrun's store cannot be reached .*to resume"):
        claims.get("anything")
    claims._stop.set()


GIVEN = {
    **{"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "TORCHELASTIC_RUN_ID": "none"},
    **{"MASTER_ADDR": "host", "MASTER_PORT": "29500", "TORCHELASTIC_USE_AGENT_STORE": "True"},
}


def test_environment_of_torchrun() -> None:
    assert this_process(GIVEN) == Process(3, 8, 1, "host", 29500)
    assert this_process({"RANK": "3", "WORLD_SIZE": "8"}) is None


@pytest.mark.parametrize("rank", [0, 1])
def test_rank_0_runs_the_store_if_torchrun_does_not(rank: int) -> None:
    found = this_process({**GIVEN, "RANK": str(rank), "TORCHELASTIC_USE_AGENT_STORE": "False"})
    assert found is not None
    assert found.keeps_store == (rank == 0)


def test_the_store_runs_until_the_others_have_left() -> None:
    port = free_port()
    keeper = Process(0, 2, 0, "127.0.0.1", port, keeps_store=True)
    with Claims(keeper, "job") as claims:
        with Claims(Process(1, 2, 1, "127.0.0.1", port), "job") as other:
            other.put("x", "1")
            waiting = threading.Thread(target=claims.wait_for_others)
            waiting.start()
            waiting.join(0.3)
            assert waiting.is_alive()
        waiting.join(5)
        assert not waiting.is_alive()
        assert claims.get("x") == "1"
        with socket.socket() as outside, pytest.raises(ConnectionRefusedError):
            outside.connect(("127.0.0.2", port))  # it listens only on the address given
        with pytest.raises(StoreUnreachable, match=f"cannot listen on 127.0.0.1:{port}"):
            Claims(keeper, "job")


def test_incomplete_environment() -> None:
    with pytest.raises(InputError, match="environment is incomplete"):
        this_process({**GIVEN, "RANK": "x"})


@pytest.mark.parametrize(
    ("asked", "gpus", "device"),
    [("auto", 2, "cuda:1"), ("auto", 1, "cuda:0"), ("auto", 0, "auto"), ("cpu", 2, "cpu")],
)
def test_a_gpu_for_each_local_rank(
    asked: str, gpus: int, device: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert Process(3, 4, 1, "host", 1).device(asked) == device
