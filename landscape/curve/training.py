"""Training of a curve: minimize the expected loss along it over the control point."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from tqdm import tqdm

from landscape.atomic import may_overwrite, target_of
from landscape.checkpoint import read_tensors, save_checkpoint
from landscape.curve.bezier import State, curve_point, line_point
from landscape.curve.file import Curve, curve_in
from landscape.data import Batch, Batches, Examples, Rows, in_memory
from landscape.device import own_context
from landscape.errors import InputError, argument, one_line
from landscape.evaluate.statistics_of_norms import reestimate_statistics
from landscape.interrupted import saying
from landscape.params import Params, check_same_shape, fingerprint
from landscape.problem import Objective, Problem
from landscape.training import TrainingSettings, seeded
from landscape.training.optimizers import OPTIMIZERS
from landscape.training.schedules import SCHEDULES


@own_context()
def train_curve(
    problem: Problem,
    state_a: Mapping[str, Tensor],
    state_b: Mapping[str, Tensor],
    path: str | Path,
    settings: TrainingSettings | None = None,
    *,
    names: tuple[str, str] = ("A", "B"),
    network: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    progress: bool = True,
    begun: Callable[[], None] = lambda: None,
) -> Curve:
    """Train the control point of a Bézier curve between two fixed solutions.

    Each step takes a batch and one t, uniform on [0, 1], and descends the loss of φ(t) in training
    mode (with batch statistics) plus ½ weight_decay ‖φ(t)‖²: the estimate of E_t L(φ(t)) of
    Garipov et al., arXiv 1802.10026, equation 2. Training starts at the midpoint of the ends.

    Parameters
    ----------
    problem
        Provides network, loss and examples (of the first split), and the parameters that move; its
        weights are not used.
    state_a, state_b
        Parameters and buffers of the end points.
    path
        File written after every epoch. If it exists and contains the same curve, training resumes
        from it. Readable by :func:`landscape.curve.read_curve`, and as a checkpoint of the control
        point.
    settings
        As for a network; no intermediate checkpoints are saved.
    names, network, facts
        For the file: names of the end points, the network's entry in a checkpoint, and further
        facts that must match when training resumes.
    begun
        Called before the first step, when all checks have passed.

    Raises
    ------
    InputError
        If the file contains something else or another curve, the end points do not match the
        problem's network or differ in constant parameters, or the loss is no longer finite.
    """
    settings = settings or TrainingSettings(epochs=10)
    target_of(path)  # raises before any work
    examples = in_memory(next(iter(problem.splits.values())))
    if isinstance(examples, Batches):
        raise InputError(
            "a curve is trained on batches in a new random order every epoch, but these examples "
            "are in batches that cannot be divided; give tensors or a Dataset, and an objective "
            "that returns a number per example"
        )
    ends = [_whole(problem, state) for state in (state_a, state_b)]
    for name in problem.constants:
        if not torch.equal(ends[0][name], ends[1][name]):
            raise InputError(
                f"{names[0]} and {names[1]} differ in {name!r}, which is constant: only the "
                f"parameters {problem.moved.words} move; choose other {argument('parameters')}"
            )
    training: dict[str, Any] = {
        **{key: value for key, value in asdict(settings).items() if key != "checkpoint_every"},
        "loss": problem.loss,
        "data_sha256": examples.sha256(),
        **{f"{end}_sha256": fingerprint(s.items()) for end, s in zip("ab", ends, strict=True)},
        **problem.moved.attributes,
        **(facts or {}),
    }
    trainer = _Trainer(problem, ends, examples, settings, Path(path), training)
    trainer.description = {"names": list(names), "network": dict(network or {})}
    if Path(path).exists() and not may_overwrite():
        trainer.restore()
    begun()
    with saying(trainer.what_is_saved):
        trainer.run(progress)
    return trainer.curve()


def _whole(problem: Problem, state: Mapping[str, Tensor]) -> State:
    """A state dict of the problem's network, on the CPU."""
    own = {name: tensor.cpu() for name, tensor in problem.model.state_dict().items()}
    # Files written by old versions of torch lack num_batches_tracked.
    counts = {name: tensor for name, tensor in own.items() if name.endswith("batches_tracked")}
    whole = {**counts, **state}
    check_same_shape(whole, own, "end of a curve")
    return {name: whole[name].detach().cpu() for name in own}


class _Loss(nn.Module):
    """The mean loss of a batch as a module, whose parameters are those of its network."""

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.model, self._objective = model, objective

    def forward(self, batch: Batch) -> Tensor:
        return self._objective.loss_column(self.model, batch).mean()


class _Trainer:
    """State of the training: control point, optimizer and schedule."""

    def __init__(
        self,
        problem: Problem,
        ends: list[State],
        examples: Examples | Rows,
        settings: TrainingSettings,
        path: Path,
        facts: dict[str, Any],
    ) -> None:
        self.problem, self.examples, self.settings = problem, examples, settings
        self.ends, self.path, self.facts = ends, path, facts
        self.description: dict[str, Any] = {}
        self.model = copy.deepcopy(problem.model)
        self.lossy = _Loss(self.model, problem.objective)
        self.model.load_state_dict(line_point(ends[0], ends[1], 0.5))
        named = dict(self.model.named_parameters())
        own = {name: named[name] for name in problem.origin}
        self.a, self.b = ({name: end[name].to(p.device) for name, p in own.items()} for end in ends)
        self.control: Params = {
            name: p.detach().clone().requires_grad_() for name, p in own.items()
        }
        # Weight decay applies to points on the curve, so it is part of the loss.
        self.optimizer = OPTIMIZERS[settings.optimizer](
            list(self.control.values()), settings.lr, settings.momentum, 0.0
        )
        steps = math.ceil(len(examples) / settings.batch_size)
        self.schedule = SCHEDULES[settings.schedule](self.optimizer, settings.epochs, steps)
        self.done = 0

    def run(self, progress: bool) -> None:
        """Run the remaining epochs, saving after each."""
        first, last = self.done, self.settings.epochs
        with tqdm(
            initial=first, total=last, unit="epoch", desc="curve", disable=not progress
        ) as bar:
            for epoch in range(first + 1, last + 1):
                loss = self._epoch(epoch)
                if not math.isfinite(loss):
                    raise InputError(
                        f"the loss along the curve became {loss} in epoch {epoch}; train with a "
                        f"learning rate below {self.settings.lr:g} ({argument('lr')})"
                    )
                self.done = epoch
                self._save()
                bar.update()
                bar.set_postfix_str(f"loss {loss:.4f}")

    def what_is_saved(self) -> str:
        """``3 of 10 epochs are saved in curve.pt``, or empty before the first is complete."""
        words = f"{self.done} of {self.settings.epochs} epochs are saved in {self.path}"
        return words if self.done else ""

    def _epoch(self, epoch: int) -> float:
        losses = []
        self.model.train()
        # Order, t and dropout noise depend only on seed and epoch, as in landscape.training.
        with seeded(self.settings.seed * 100_003 + epoch, self.examples.device):
            order = torch.randperm(len(self.examples)).to(self.examples.device)
            for chosen in order.split(min(self.settings.batch_size, len(order))):
                point = curve_point(self.a, self.control, self.b, float(torch.rand(())))
                batch = self.examples[chosen].batch(self.problem.dtype)
                moved = {f"model.{name}": p for name, p in point.items()}
                loss = functional_call(self.lossy, moved, (batch,))
                losses.append(loss.detach() * len(chosen))
                square = torch.stack([p.square().sum() for p in point.values()]).sum()
                self.optimizer.zero_grad()
                (loss + self.settings.weight_decay / 2 * square).backward()
                self.optimizer.step()
                self.schedule.step()
        return float(torch.stack(losses).sum()) / len(self.examples)

    def _save(self) -> None:
        for_resuming: dict[str, Any] = {}
        if self.done < self.settings.epochs:
            for_resuming = {
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
            }
        self._settle()
        save_checkpoint(
            self.path,
            self.model,
            self.description["network"],
            ends=self.ends,
            names=self.description["names"],
            facts=self.facts,
            epoch=self.done,
            **for_resuming,
        )

    def _settle(self) -> None:
        """Move the model to the control point, with re-estimated statistics."""
        with torch.no_grad():
            own = dict(self.model.named_parameters())
            for name, p in self.control.items():
                own[name].copy_(p)
        size = self.settings.batch_size
        batches = self.examples.even_batches(self.problem.dtype, size)
        reestimate_statistics(
            self.model, batches, partial(self.problem.objective.outputs, self.model)
        )

    def restore(self) -> None:
        """Resume the curve in the file after its last epoch."""
        content = read_tensors(self.path)
        found = curve_in(content, self.path)
        for key, value in self.facts.items():
            if found.facts.get(key) != value:
                raise InputError(
                    f"{self.path} contains a different curve: its {key} is "
                    f"{found.facts.get(key)}, expected {value}; use the same settings or another "
                    f"{argument('path')}"
                )
        self.done = found.epochs
        with torch.no_grad():
            for name, p in self.control.items():
                p.copy_(found.control[name])
        self.model.load_state_dict(found.control)
        if self.done < self.settings.epochs:
            try:
                self.optimizer.load_state_dict(content["optimizer"])
                self.schedule.load_state_dict(content["schedule"])
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    f"{self.path} contains no training state to resume from "
                    f"({one_line(error)}); start again with another file"
                ) from error

    def curve(self) -> Curve:
        control = {name: tensor.cpu().clone() for name, tensor in self.model.state_dict().items()}
        names = (self.description["names"][0], self.description["names"][1])
        return Curve(self.ends[0], control, self.ends[1], names, self.facts, self.done)
