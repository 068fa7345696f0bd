"""The quantities of a problem, and what the examples of each are."""

from __future__ import annotations

from collections.abc import Mapping

from landscape.data import Batches, Split, Stream
from landscape.problem.objective import Objective
from landscape.problem.own_objective import Form, OwnObjective
from landscape.quantity import STDERR, Quantity, by_name


def quantities_of(objective: Objective, splits: Mapping[str, Split]) -> dict[str, Quantity]:
    """All quantities of a point: means, standard errors, numbers of examples."""
    found: list[Quantity] = []
    for split, examples in splits.items():
        for name, metric in objective.metrics.items():
            said = f"{metric.long_name} over {_words(objective, split, examples, name)}"
            mean = Quantity(said, metric.units, metric.better, split, name)
            found.append(mean)
            if has_stderr(objective, examples, name):
                whole = f"{examples.population:,} examples (finite-population correction)"
                if is_per_batch(objective, name):
                    whole = "batches of this kind (each batch is one example)"
                error = f"standard error of {mean.name} as an estimate of the mean over all "
                found.append(mean.beside(statistic=STDERR, long_name=error + whole))
        found.append(Quantity("number of examples", split=split, base="count"))
    return by_name(found)


def form_of(objective: Objective, name: str) -> Form | None:
    """The form of a metric that an objective of whole batches returns."""
    return objective.forms[name] if isinstance(objective, OwnObjective) else None


def is_per_batch(objective: Objective, name: str) -> bool:
    """Whether the batch is the example of a metric."""
    form = form_of(objective, name)
    return form is not None and form.per_batch and not form.weighted


def has_stderr(objective: Objective, examples: Split, name: str) -> bool:
    """Whether a metric has a standard error: not if its only example is a single batch."""
    return not is_per_batch(objective, name) or _batches_in(examples) > 1


def _words(objective: Objective, split: str, examples: Split, name: str) -> str:
    """The examples of a metric: ``1,000 train examples``."""
    of, form = split or "given", form_of(objective, name)
    weights = ", by their weights" if form is not None and form.weighted else ""
    count = _batches_in(examples)
    if not is_per_batch(objective, name):
        if isinstance(examples, Batches) and not examples.countable:
            some = f"{count:,} {of} batches" if count > 1 else f"one {of} batch"
            return f"all values of {some}{weights}"
        return f"{len(examples):,} {of} examples{weights}"
    return f"{count:,} {of} batches" if count > 1 else f"one {of} batch: no standard error"


def _batches_in(examples: Split) -> int:
    if isinstance(examples, Batches):
        return len(examples.trees)
    if isinstance(examples, Stream):
        assert examples.seen is not None
        return examples.seen.batches
    return 1
