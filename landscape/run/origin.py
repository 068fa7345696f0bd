"""What the loss at the origin says before a surface is sampled."""

from __future__ import annotations

import math
import warnings

from landscape.evaluate.in_memory import mean_loss
from landscape.models.option_a import suspect
from landscape.problem import Problem

_EXAMPLES = 256
_NEAR = 0.99  # of the loss of guessing


def warn_about_origin(problem: Problem, batch_size: int) -> None:
    """Warn if the loss of the network itself is not finite, or no better than guessing.

    A few hundred examples of every split are evaluated.
    """
    classes = problem.attributes.get("classes")
    for split, examples in problem.splits.items():
        few = problem.with_splits({split: examples.head(_EXAMPLES)})
        found = mean_loss(few, batch_size=batch_size)
        where = f"the loss of the network itself, at the origin, over {split or 'the'} examples"
        if not math.isfinite(found):
            warnings.warn(
                f"{where} is {found}: are its weights, or the data, finite? Most of the surface "
                "will not be finite either",
                stacklevel=2,
            )
        elif isinstance(classes, int) and problem.metrics["loss"].units == "nats":
            guessing = math.log(classes)
            if classes > 1 and found >= _NEAR * guessing:
                warnings.warn(
                    f"{where} is {found:.4g}, no better than guessing ({guessing:.4g} for "
                    f"{classes} classes): "
                    + (
                        suspect(problem.attributes)
                        or "is the network trained, and do the data and the preprocessing fit it?"
                    ),
                    stacklevel=2,
                )
