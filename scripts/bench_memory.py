"""Memory and time of a large network: GPT-2 small by default, 124 million random parameters.

Each stage runs in a process of its own, which reports the peak of its memory above that after all
imports, divided by the size of the weights: the user's network, a problem, directions, a run with
plain settings and one with tuned settings. ``kept``: the user keeps the network that the problem
was made of, whose memory it shares. The time of a point is compared with that of the loop that one
would write by hand (add the two directions, then all batches), the two taking turns.

    python scripts/bench_memory.py -o memory.json
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import resource
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from bench_engine import environment
from torch import Tensor, nn

from landscape.directions import make_directions
from landscape.evaluate import Settings, evaluate
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import sample_surface

LENGTH, BATCH = 64, 4
STAGES = {
    "network": "the user's network",
    "plain loop": "a batch by hand",
    "problem": "`Problem`, network kept",
    "directions": "and two directions",
    "plain run kept": "a run, `tune=False`, network kept",
    "tuned run kept": "a run, tuned, network kept",
    "plain run": "a run, `tune=False`",
    "tuned run": "a run, tuned",
}


class LanguageModel(nn.Module):
    """Logits of a transformer of the ``transformers`` library."""

    def __init__(self, layers: int, width: int) -> None:
        super().__init__()
        from transformers import GPT2Config, GPT2LMHeadModel

        config = GPT2Config(n_layer=layers, n_embd=width, n_head=width // 64, use_cache=False)
        self.model = GPT2LMHeadModel(config)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.model(tokens).logits
        return logits


def per_text(logits: Tensor, tokens: Tensor) -> Tensor:
    """The mean loss of each text's next tokens."""
    each = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return each.mean(dim=1)


def network(layers: int, width: int) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    model = LanguageModel(layers, width).eval()
    return model, torch.randint(0, 50257, (2 * BATCH, LENGTH))


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(stage: str, layers: int, width: int) -> float:
    """Peak memory of a stage over the size of the weights."""
    import transformers.models.gpt2.modeling_gpt2  # noqa: F401  # not to be counted

    Problem(nn.Linear(2, 2), (torch.ones(4, 2), torch.tensor([0, 1, 0, 1])), device="cpu")
    before = peak_mib()
    model, tokens = network(layers, width)
    size = sum(p.numel() * p.element_size() for p in model.parameters()) / 2**20
    if stage == "plain loop":
        with torch.inference_mode():
            per_text(model(tokens[:BATCH]), tokens[:BATCH])
    if stage not in ("network", "plain loop"):
        problem = Problem(model, (tokens, tokens), loss=per_text, device="cpu")
        if stage == "directions":
            make_directions(problem.origin, 2, dtype=problem.directions_in)
        elif stage != "problem":
            if not stage.endswith("kept"):
                del model
            options = {"x": "-1:1:2", "y": "-1:1:2", "progress": False}
            sample_surface(problem, **options, tune=stage.startswith("tuned"), batch_size=BATCH)
    return (peak_mib() - before) / size


def seconds(layers: int, width: int, rounds: int) -> dict[str, Any]:
    """Seconds of a point, by hand and by the package, which take turns.

    Of processor time by one thread, in which other work on the machine hardly shows.
    """
    torch.set_num_threads(1)
    model, tokens = network(layers, width)
    problem = Problem(model, (tokens, tokens), loss=per_text, device="cpu")
    made = make_directions(problem.origin, 2, dtype=problem.directions_in)
    plane = Plane(problem.origin, [d.vector for d in made])
    own = copy.deepcopy(model)  # the other one shares its memory with the problem
    settings = Settings(batch_size=BATCH)

    def by_hand(x: float, y: float) -> float:
        with torch.inference_mode():
            for name, p in own.named_parameters():
                there = torch.add(plane.origin[name], plane.axes[0][name], alpha=x)
                p.copy_(torch.add(there, plane.axes[1][name], alpha=y))
            losses = [per_text(own(part), part).double() for part in tokens.split(BATCH)]
            return torch.cat(losses).mean().item()

    points = torch.rand(rounds + 1, 2, generator=torch.Generator().manual_seed(1)).numpy() / 10
    ours = evaluate(problem, plane, points, range(rounds + 1), settings)
    times: dict[str, list[float]] = {"by hand": [], "package": []}
    off = 0.0
    for round_, (x, y) in enumerate(points):
        start = time.thread_time()
        expected = by_hand(x, y)
        middle = time.thread_time()
        _, found = next(ours)
        end = time.thread_time()
        off = max(off, abs(found["loss"] / expected - 1))
        if round_:  # the first one builds the network
            times["by hand"].append(middle - start)
            times["package"].append(end - middle)
    ratio = statistics.median(
        ours / hand for ours, hand in zip(times["package"], times["by hand"], strict=True)
    )
    return {**{k: statistics.median(v) for k, v in times.items()}, "ratio": ratio, "off": off}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--layers", type=int, default=12, help="(12)")
    parser.add_argument("--width", type=int, default=768, help="(768)")
    parser.add_argument("--rounds", type=int, default=5, help="points that are timed (5)")
    parser.add_argument("-o", "--output", default="memory.json")
    options = parser.parse_args()
    size = options.layers, options.width
    result: dict[str, Any] = {"environment": environment(), "memory over weights": {}}

    def alone(function: Any, *given: Any) -> Any:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(function, *given).result()

    for stage in STAGES:
        result["memory over weights"][stage] = found = alone(memory, stage, *size)
        print(f"{stage:>14}: {found:5.2f} times the weights")
    result["seconds"] = found = alone(seconds, *size, options.rounds)
    print(f"a point takes {found['ratio']:.2f} times the loop by hand; off by {found['off']:.1e}")
    Path(options.output).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
