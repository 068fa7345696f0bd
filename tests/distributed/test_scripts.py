"""The SLURM scripts start existing commands; the benchmark of ranks checks its values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.distributed.run import get_args_parser

import landscape.sample
from tests.conftest import ROOT

WORDS = ["--weights", "my net.pt", "--x=-1:1:51", "--y=-1:1:51", "-o", "out.h5"]
STUBS = {
    "python": 'printf "%s\\n" "$OMP_NUM_THREADS" "$@"',
    "srun": 'shift; exec "$@"',
    "scontrol": "echo node7; echo node8",
}


def started(folder: Path, script: str, **slurm: str) -> list[str]:
    """Threads and arguments that Python gets when SLURM runs the script."""
    for name, body in STUBS.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("OMP", "SLURM"))}
    environment = {**outside, "PATH": f"{folder}:{os.environ['PATH']}", **slurm}
    command = ["bash", str(ROOT / "scripts" / script), *WORDS]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return result.stdout.splitlines()


def test_nodes(tmp_path: Path) -> None:
    slurm = {"SLURM_JOB_NODELIST": "node[7-8]", "SLURM_JOB_NUM_NODES": "2", "SLURM_JOB_ID": "41"}
    node = {"SLURM_CPUS_ON_NODE": "32", "SLURM_GPUS_ON_NODE": "8"}
    threads, *words = started(tmp_path, "sample_slurm.sh", **slurm, **node)
    assert threads == "4"
    assert words[:2] == ["-m", "torch.distributed.run"]
    asked = get_args_parser().parse_args(words[2:])
    assert (asked.nnodes, asked.nproc_per_node, asked.max_restarts) == ("1:2", "8", 10)
    assert (asked.rdzv_backend, asked.rdzv_endpoint) == ("c10d", "node7:20041")
    assert asked.module
    assert asked.training_script == "landscape.sample"
    assert asked.training_script_args == WORDS
    few = started(tmp_path, "sample_slurm.sh", **slurm, RANKS_PER_NODE="3", SLURM_CPUS_ON_NODE="4")
    assert few[0] == "2"
    assert "--nproc-per-node=3" in few


@pytest.mark.parametrize(("more", "of"), [({}, 16), ({"SHARDS": "20"}, 20)])
def test_array(tmp_path: Path, more: dict[str, str], of: int) -> None:
    slurm = {"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "16", **more}
    words = started(tmp_path, "sample_slurm_array.sh", **slurm)
    assert words == ["1", "-m", "landscape.sample", *WORDS, "--shard", f"3/{of}"]
    assert landscape.sample._parser().parse_args(words[3:]).shard == f"3/{of}"


@pytest.mark.long
def test_benchmark_of_ranks_against_threads(tmp_path: Path) -> None:
    output = tmp_path / "ranks.json"
    script = [sys.executable, str(ROOT / "scripts" / "bench_ranks.py"), "--points", "3"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    more = ["--limit", "50", "--rounds", "1", "-o", str(output)]
    result = subprocess.run([*script, *more], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    written = json.loads(output.read_text())
    assert written["environment"]["torch"] == torch.__version__
    assert written["largest_relative_difference"] < 1e-4
    assert written["ratio_ranks_to_threads"]["sampling"] > 0
