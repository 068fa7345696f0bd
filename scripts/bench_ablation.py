"""What each of the engine's ways of being fast is worth, on a CPU.

For each network and precision the fastest combination of the ways is found, then

- ``off``: the fastest combination that does without one way, against the fastest of all;
- ``alone``: the plain network with one way, against the plain network.

All of them take turns in one run, two processes of which one keeps the memory that it frees; the
median of the ratios within a round is given, and the losses are checked beside the times. What is
counted is the processor time of one thread, in which other work on the machine hardly shows; only
several points at once (abreast) are timed by the clock, against one point by all threads, on a
machine that should do nothing else. Weights and data are random: times do not depend on them.

    python scripts/bench_ablation.py -o ablation.json
    ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 python scripts/bench_ablation.py -o avx2.json
    python scripts/bench_ablation.py --table ablation.json avx2.json -o scripts/ablation.md
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from bench_engine import Measuring, Subject, environment
from torch import Tensor, nn

from landscape.data import Examples
from landscape.data.preprocess import CIFAR10
from landscape.directions import make_directions
from landscape.evaluate import Settings, abreast, evaluation_for, in_memory
from landscape.evaluate import fused as fused_way
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.grid import FloatArray
from landscape.models import CifarResNet, ImageNetResNet
from landscape.models.named import build_network
from landscape.plane import Plane
from landscape.problem import Problem

WAYS = ("fold", "in_place", "fused", "channels_last", "abreast", "memory")
PLAIN = Settings(batch_size=64)
SELECTING = 4  # rounds that the fastest combination is found in
ROUNDING = 1e-3  # in float32, of the plain loss


def perceptron() -> nn.Module:
    """Three hidden layers with batch normalization."""
    sizes = (784, 1024, 1024, 1024)
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


# name: (network, shape of an example, examples at a point)
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], int]] = {
    "ResNet-56": (lambda: CifarResNet(56), (3, 32, 32), 64),
    "digits": (lambda: CifarResNet(56, in_channels=1), (1, 8, 8), 256),
    "DenseNet-40": (lambda: build_network("densenet40").model, (3, 32, 32), 64),
    "ResNet-18": (lambda: ImageNetResNet(18), (3, 224, 224), 16),
    "MLP": (perceptron, (784,), 512),
}


def subject(name: str) -> Subject:
    """A network with random weights and images, on a diagonal of a random plane."""
    torch.manual_seed(0)
    make, shape, count = NETWORKS[name]
    targets = torch.randint(0, 10, (count,))
    data: Examples | tuple[Tensor, Tensor] = (torch.randn(count, *shape), targets)
    if len(shape) == 3:
        images = torch.randint(0, 256, (count, *shape), dtype=torch.uint8)
        scale = CIFAR10 if shape[0] == 3 else replace(CIFAR10, mean=(0.5,), std=(0.25,))
        data = Examples(images, targets, scale, "random")
    problem = Problem(make().eval(), data, device="cpu")
    plane = Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])
    return problem, plane, np.linspace(0.0, 0.25, 16)[:, None] * [1.0, -1.0]


def layouts(images: bool, reduced: str | None) -> list[Settings]:
    """All combinations of ways that this CPU can do, one point at a time."""
    dtype = torch.bfloat16 if reduced else torch.float32
    kinds: list[dict[str, bool]] = [{}]
    if images:
        kinds.append({"channels_last": True})
        if fused_way.available(dtype):
            kinds += [{"fused": True}, {"fused": True, "channels_last": True}]
    return [
        replace(PLAIN, reduced=reduced, fold=fold, in_place=in_place, **kind)
        for fold, in_place in itertools.product((False, True), repeat=2)
        for kind in kinds
    ]


def measured(
    settings: Settings, count: int, problem: Problem, plane: Plane, points: FloatArray
) -> tuple[float, list[float]]:
    """Seconds a point, from when the networks are there, and the losses at the first points.

    Of processor time by one thread for one point, and else by the clock.
    """
    clock = time.thread_time if count == 1 else time.perf_counter
    torch.set_num_threads(1 if count == 1 else os.cpu_count() or 1)
    begun, kept = [], partial(next, _networks(settings, problem, plane))

    def indices() -> Iterator[int]:
        begun.append(clock())
        yield from range(count)

    class Kept(type):
        def __call__(cls, *_: object) -> PointNetwork:
            return kept()

        def __instancecheck__(cls, network: object) -> bool:
            return isinstance(network, PointNetwork)

    instead = Kept("PointNetwork", (), {})
    with (
        mock.patch.object(in_memory, "PointNetwork", instead),
        mock.patch.object(abreast, "PointNetwork", instead),
    ):
        evaluation = evaluation_for(problem, settings)
        found = dict(evaluation(problem, plane, points, indices(), settings))
    return (clock() - begun[0]) / count, [found[i]["loss"] for i in range(count)]


_made: dict[Settings, list[PointNetwork]] = {}


def _networks(settings: Settings, problem: Problem, plane: Plane) -> Iterator[PointNetwork]:
    """Those of the process, made once: tracing takes longer than a point."""
    alone = replace(settings, abreast=1)
    made = _made.setdefault(alone, [])
    with exactly():
        while len(made) < settings.abreast:
            made.append(PointNetwork(problem, plane, alone))
    return iter(made)


Asked = dict[str, tuple[Measuring, Settings]]


def in_turns(
    asked: Asked, count: int, rounds: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Seconds of each round, after one that warms up, and how far losses are off the plain ones."""
    times: dict[str, list[float]] = {key: [] for key in asked}
    losses: dict[str, list[float]] = {}
    for round_ in range(rounds + 1):
        for key, (process, settings) in asked.items():
            (seconds, losses[key]), _ = process(partial(measured, settings, count))
            if round_:
                times[key].append(seconds)
    process = next(iter(asked.values()))[0]
    exact = process(partial(measured, PLAIN, count))[0][1]
    off = {
        key: max(abs(a - b) / abs(b) for a, b in zip(found, exact, strict=True))
        for key, found in losses.items()
    }
    return times, off


def measure(name: str, reduced: str | None, rounds: int) -> dict[str, Any]:
    """One network in one precision."""
    make, threads = partial(subject, name), os.cpu_count() or 1
    with (
        Measuring(make, as_a_command=True) as keeping,
        Measuring(make, as_a_command=False) as freeing,
    ):
        images = len(NETWORKS[name][1]) == 3
        ways: Asked = {str(way): (keeping, way) for way in layouts(images, reduced)}
        tried, _ = in_turns(ways, 1, SELECTING)
        order = [ways[key][1] for key in sorted(tried, key=lambda key: min(tried[key]))]

        plain, best = replace(PLAIN, reduced=reduced), order[0]
        asked: Asked = {"all": (keeping, best), "plain": (keeping, plain)}
        asked |= {"without memory": (freeing, best), "none": (freeing, plain)}
        for way in WAYS[:-2]:
            only = replace(plain, **{way: True})
            if only in order:
                asked[f"only {way}"] = (keeping, only)
            if getattr(best, way):
                without = next(one for one in order if not getattr(one, way))
                asked[f"without {way}"] = (keeping, without)
        times, off = in_turns(asked, 1, rounds)
        if threads > 1:
            together: Asked = {
                "all abreast": (keeping, replace(best, abreast=threads)),
                "without abreast": (keeping, best),
                "only abreast": (keeping, replace(plain, abreast=threads)),
                "plain by the clock": (keeping, plain),
            }
            by_the_clock, more_off = in_turns(together, 2 * threads, max(1, rounds // 3))
            asked, times, off = asked | together, times | by_the_clock, off | more_off
    assert reduced or max(off.values()) < ROUNDING, off
    result = {
        "network": name,
        "precision": reduced or "float32",
        "settings": {key: str(settings) for key, (_, settings) in asked.items()},
        "seconds_a_point": times,
        "losses_off_by": off,
    }
    say(result)
    return result


def ratio(result: dict[str, Any], slow: str, fast: str) -> float | None:
    """How many times longer the one takes than the other, the median of the rounds."""
    times = result["seconds_a_point"]
    if slow not in times or fast not in times:
        return None
    return statistics.median(a / b for a, b in zip(times[slow], times[fast], strict=True))


def gains(result: dict[str, Any], way: str) -> tuple[float | None, float | None]:
    """What a way is worth beside all others, and alone: 1.1 is 10% less time with it."""
    if way == "abreast":
        beside = ratio(result, "without abreast", "all abreast")
        return beside, ratio(result, "plain by the clock", "only abreast")
    if way == "memory":
        return ratio(result, "without memory", "all"), ratio(result, "none", "plain")
    return ratio(result, f"without {way}", "all"), ratio(result, "plain", f"only {way}")


def ways_in(results: list[dict[str, Any]]) -> list[str]:
    """The engine's ways, and others that files of an earlier version have measured."""
    keys = (key for result in results for key in result["settings"])
    measured = [key.partition(" ")[2] for key in keys if key.startswith(("only ", "without "))]
    return list(dict.fromkeys((*WAYS, *measured)))


def say(result: dict[str, Any]) -> None:
    """Print one network in one precision."""
    print(f"{result['network']} in {result['precision']}: {result['settings']['all']}")
    for way in WAYS:
        if any(gains(result, way)):
            beside, alone = (f"{g:.2f}" if g else "-" for g in gains(result, way))
            print(f"  {way:>13}: {beside} beside the others, {alone} alone")
    worst = max(result["losses_off_by"].values())
    print(f"  losses off by at most {worst:.1e} of the plain float32 loss", flush=True)


def cpu() -> dict[str, str]:
    """The processor by name, and what of it is left unused on demand."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    limits = {key: os.environ.get(key, "") for key in ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")}
    kinds = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return {"cpu": names[0] if names else "unknown", "flags": " ".join(kinds), **limits}


def table(files: list[str]) -> str:
    """Markdown of what the files say, a section for each processor."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        read = json.loads(Path(file).read_text())
        about = read["environment"]
        title = f"{about['cpu']} ({about['flags']}), {about['threads']} threads"
        if about["ONEDNN_MAX_CPU_ISA"] or about["ATEN_CPU_CAPABILITY"]:
            title += (
                f", limited by ONEDNN_MAX_CPU_ISA={about['ONEDNN_MAX_CPU_ISA']} and "
                f"ATEN_CPU_CAPABILITY={about['ATEN_CPU_CAPABILITY']}"
            )
        sections.setdefault(f"{title}, torch {about['torch']}", []).extend(read["results"])
    return "\n".join([_ABOUT, *(_section(title, rows) for title, rows in sections.items())])


_ABOUT = """# What each way of being fast is worth

Made by `scripts/bench_ablation.py --table`. In each cell: how many times longer a point takes when
this way alone is switched off / how many times faster the plain network is with this way alone.
A dash: the fastest combination does not use it, or it cannot be used there. `blocked` (activations
in oneDNN's own layout) was in the engine until this was measured, and is no longer.
"""


def _section(title: str, results: list[dict[str, Any]]) -> str:
    names = [name for name in NETWORKS if any(r["network"] == name for r in results)]
    lines = [f"## {title}\n"]
    for precision in dict.fromkeys(r["precision"] for r in results):
        chosen = {r["network"]: r for r in results if r["precision"] == precision}
        shown = [name for name in names if name in chosen]
        lines += [
            f"### {precision}\n",
            f"| | {' | '.join(shown)} |",
            "|---" * (len(shown) + 1) + "|",
        ]
        for way in ways_in(results):
            pairs = [gains(chosen[name], way) for name in shown]
            cells = (" / ".join(f"{g:.2f}" if g else "–" for g in pair) for pair in pairs)
            lines.append(f"| {way} | {' | '.join(cells)} |")
        whole = (f"{ratio(chosen[name], 'none', 'all'):.2f}" for name in shown)
        lines.append(f"| all together | {' | '.join(whole)} |\n")
        lines += [f"- {name}: {chosen[name]['settings']['all']}" for name in shown]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", default=",".join(NETWORKS), help="(all)")
    parser.add_argument("--precisions", default="float32,bfloat16", help="(both)")
    parser.add_argument("--rounds", type=int, default=15, help="(15)")
    parser.add_argument("--table", nargs="+", metavar="JSON", help="write a table of these instead")
    parser.add_argument("-o", "--output", default="ablation.json")
    options = parser.parse_args()
    if options.table:
        Path(options.output).write_text(table(options.table))
        return
    result: dict[str, Any] = {"environment": {**environment(), **cpu()}, "results": []}
    for name in options.networks.split(","):
        for precision in options.precisions.split(","):
            reduced = None if precision == "float32" else precision
            result["results"].append(measure(name, reduced, options.rounds))
            Path(options.output).write_text(json.dumps(result, indent=1))
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
