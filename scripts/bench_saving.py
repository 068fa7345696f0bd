"""The share of a run's time that saving takes, from small surfaces to the largest.

Every run samples a tiny network in a process of its own, by one thread. An evaluation of it counts
as ten milliseconds, as of a small network and a few hundred images, although it takes less: a run
of hours is seen in seconds. Saves count by the clock, all else by the processor, so that other work
on the machine shows in saves only. By this sum a run decides when to save, and the time within
``save_surface``, the last save included, is compared with that of the whole run. A run is
interrupted after some seconds of the processor if it has not ended by then. With ``--against`` the
package of another checkout takes the same runs in turn.

    python scripts/bench_saving.py --against ../before -o saving.json
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
_EVALUATION_S = 0.01
_PATIENCE_S = 10
"""Between the first interruption, upon which a run ends its point, and the next, which ends it."""
CASES: dict[str, dict[str, Any]] = {
    "51 x 51": {"x": "-1:1:51", "y": "-1:1:51"},
    "1001 x 1001": {"x": "-1:1:1001", "y": "-1:1:1001"},
    "2001 x 2001": {"x": "-1:1:2001", "y": "-1:1:2001"},
    "line of 1,000,000": {"x": "-1:1:1000000", "y": None},
    "51 x 51, 100 draws": {"x": "-1:1:51", "y": "-1:1:51", "repeats": 100},
    "51 x 51, 1,000 draws": {"x": "-1:1:51", "y": "-1:1:51", "repeats": 1000},
    "line of 41, 1,000 draws": {"x": "-1:1:41", "y": None, "repeats": 1000},
}


class Clock:
    """The time of the processor, and what else counts."""

    def __init__(self) -> None:
        self.more = 0.0

    def __call__(self) -> float:
        return time.process_time() + self.more


class Timed:
    """A function that counts by the clock on the wall."""

    def __init__(self, function: Any, clock: Clock) -> None:
        self._function, self._clock, self._wall = function, clock, time.perf_counter
        self.seconds, self.calls = 0.0, 0

    def __call__(self, *given: Any) -> Any:
        processor, wall = time.process_time(), self._wall()
        try:
            return self._function(*given)
        finally:
            took = self._wall() - wall
            self._clock.more += took - (time.process_time() - processor)
            self.seconds += took
            self.calls += 1


def measure(case: str, seconds: float, path: str) -> dict[str, Any]:
    """Sample with whichever ``landscape`` is found, and time the saves."""
    import torch

    from landscape import Problem, sample_surface, save_surface

    clock = Clock()
    time.monotonic = clock  # type: ignore[assignment]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    data = torch.randn(64, 8), torch.randint(0, 4, (64,))

    class Counted(torch.nn.Linear):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            clock.more += _EVALUATION_S
            return super().forward(inputs)

    problem = Problem(Counted(8, 4), data, device="cpu")
    clock.more = 0.0
    saving = Timed(save_surface, clock)
    for module in list(sys.modules.values()):
        if getattr(module, "save_surface", None) is save_surface:
            module.save_surface = saving  # type: ignore[attr-defined]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the shell may have it ignored
    signal.signal(signal.SIGPROF, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.setitimer(signal.ITIMER_PROF, seconds, _PATIENCE_S)
    began, ended = clock(), True
    try:
        sample_surface(problem, **CASES[case], path=path, tuned=False, progress=False)
    except KeyboardInterrupt:
        ended = False
    signal.setitimer(signal.ITIMER_PROF, 0)
    whole = clock() - began
    share = saving.seconds / whole
    return {"share": share, "saves": saving.calls, "seconds": whole, "ended": ended}


def alone(checkout: Path, case: str, seconds: float) -> dict[str, Any]:
    """A run in a process of its own, with the package of a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        words = f"{case!r}, {seconds}, 's.h5'"
        code = f"import json, bench_saving as b; print(json.dumps(b.measure({words})))"
        outside = {**os.environ, "PYTHONPATH": f"{checkout}{os.pathsep}{HERE}"}
        command = [sys.executable, "-c", code]
        # There is no other package in the folder.
        done = subprocess.run(
            command, cwd=folder, env=outside, capture_output=True, text=True, check=False
        )
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def line(found: dict[str, Any]) -> str:
    if "failed" in found:
        return str(found["failed"])
    end = "" if found["ended"] else ", interrupted"
    return f"{found['share']:7.2%} ({found['saves']} saves, {found['seconds']:,.0f} s{end})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), help="(all)")
    parser.add_argument(
        "--seconds", type=float, default=60, help="of the processor, for the longest run (60)"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("saving.json"))
    options = parser.parse_args()
    from bench_engine import environment

    checkouts = {"here": HERE.parent}
    if options.against:
        checkouts = {"against": options.against.resolve(), **checkouts}
    result: dict[str, Any] = {"environment": environment(), "saving": {}}
    for case in options.cases:
        result["saving"][case] = {}
        for name, checkout in checkouts.items():
            result["saving"][case][name] = found = alone(checkout, case, options.seconds)
            print(f"{case:>24}, {name}: {line(found)}", flush=True)
    options.output.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
