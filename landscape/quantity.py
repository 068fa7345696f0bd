"""Quantities that a surface stores at each point: their names, units, and which way is better.

The name of a quantity is ``[split_]base[_drawN|_qNN][_stderr]``: ``train_loss``,
``train_loss_stderr``, ``train_accuracy_draw2``, ``loss_q05``. A split or a base may contain
underscores, so a name alone can be ambiguous; stored quantities therefore record their parts, and
names are only parsed for files without them. Nothing else in the package builds or parses such
names.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from landscape.errors import InputError, unknown_choice

MEAN, STDERR = "mean", "stderr"
QUANTILES = {"q05": 0.05, "q25": 0.25, "q75": 0.75, "q95": 0.95}
"""The statistics over random draws that a surface stores in addition to their mean."""

LOWER, HIGHER = "lower", "higher"

_TAKEN = ("x", "y", "done", "trajectories")
"""Names reserved by the surface file itself."""


@dataclass(frozen=True, eq=False)
class Kind:
    """The meaning of a base, by its last words: ``loss`` for ``pixel_loss``.

    Attributes
    ----------
    words
        Its name in a sentence; empty where the quantity's long name is better.
    better
        ``lower``, ``higher`` or None.
    guesses
        For an accuracy, the number of answers counted (k of top-k).
    of_the_loss
        Whether it is a property of the loss: ``gradient norm of the training loss``.
    over_decades
        Whether values are positive and span decades, so that a log scale is suitable.
    reach
        The range that a linear scale includes in every picture, so that pictures are comparable.
    span
        The lower end of a log scale as a fraction of the largest value, if limited.
    """

    words: str = ""
    better: str | None = None
    guesses: int = 0
    of_the_loss: bool = False
    over_decades: bool = False
    reach: tuple[float, float] | None = None
    span: float | None = None


KINDS = {
    "loss": Kind("loss", LOWER, over_decades=True),
    "accuracy": Kind("accuracy", HIGHER, guesses=1),
    "top5": Kind("top-5 accuracy", HIGHER, guesses=5),
    # 0 is convex; at 1 the curvature is as negative as positive (Li et al. 2018, figure 7).
    "eigen_ratio": Kind("|λ_min/λ_max| of the Hessian", of_the_loss=True, reach=(0.0, 1.0)),
    "lambda_max": Kind("largest Hessian eigenvalue", of_the_loss=True),
    "lambda_min": Kind("smallest Hessian eigenvalue", of_the_loss=True),
    "gradient_norm": Kind("gradient norm", of_the_loss=True, over_decades=True),
    # Between two eigenvalues it is the tail of a kernel, which can be arbitrarily small.
    **{
        base: Kind(
            f"density of {matrix} eigenvalues", of_the_loss=True, over_decades=True, span=1e-6
        )
        for base, matrix in (
            ("empirical_fisher_density", "empirical Fisher"),
            ("fisher_density", "Fisher"),
            ("gauss_newton_density", "Gauss-Newton"),
            ("density", "Hessian"),
        )
    },
    "count": Kind(),
}
_OTHER = Kind()
_NAME = re.compile(
    rf"(?:(?:(?P<split>.+?)_)??(?P<base>{'|'.join(KINDS)})|(?P<other>.+?))"
    r"(?:_(?P<quantile>q[0-9]{2})|(?:_draw(?P<draw>[1-9][0-9]{0,8}))?(?:_(?P<error>stderr))?)",
    re.DOTALL,
)
_STATISTIC = re.compile(rf"{MEAN}|{STDERR}|q[0-9]{{2}}")


@dataclass(frozen=True)
class Quantity:
    """The meaning of a stored array.

    Attributes
    ----------
    long_name
        A description.
    units
        ``1`` for a fraction or a dimensionless number.
    better
        ``lower`` or ``higher``; None if unknown. If omitted and the base is given, it is that of
        the kind: lower for a loss, higher for an accuracy.
    split
        ``train``; empty for examples without a split.
    base
        The metric: ``loss``, ``accuracy``, …. Empty if the parts are unknown; :meth:`called` takes
        them from a name.
    statistic
        ``mean`` over examples (and draws), ``stderr``, its standard error, or ``q05``, a quantile
        over draws.
    draw
        The number of a random draw, from 1; 0 for all draws.

    Raises
    ------
    InputError
        If the statistic, the draw or ``better`` is invalid, or a quantile is of a single draw.
    """

    long_name: str
    units: str = "1"
    better: str | None = None
    split: str = ""
    base: str = ""
    statistic: str = MEAN
    draw: int = 0

    def __post_init__(self) -> None:
        if self.better not in (None, LOWER, HIGHER):
            raise unknown_choice("way to be better", str(self.better), (LOWER, HIGHER))
        if not _STATISTIC.fullmatch(self.statistic):
            raise unknown_choice("statistic", self.statistic, (MEAN, STDERR, *QUANTILES))
        if self.draw < 0 or (self.draw and self.is_quantile):
            raise InputError(
                f"{self.statistic} of draw {self.draw}: expected a draw from 1, or 0 for all, "
                "and quantiles over all draws"
            )
        if self.is_stderr:
            object.__setattr__(self, "better", None)
        elif self.base and self.better is None:
            known = self.kind.better or (HIGHER if self.units == "%" else None)
            object.__setattr__(self, "better", known)

    @classmethod
    def parse(cls, name: str, **facts: Any) -> Quantity:
        """Parse a name, as far as it is unambiguous; ``facts`` are the other attributes.

        If the base is not one of :data:`KINDS`, the split cannot be recognized and stays empty.

        >>> train = Quantity.parse("train_loss_draw2_stderr")
        >>> train.split, train.base, train.draw, train.statistic, train.name
        ('train', 'loss', 2, 'stderr', 'train_loss_draw2_stderr')
        """
        return cls(**{"long_name": "", **facts, **_parts(name)})

    @property
    def name(self) -> str:
        """``train_loss_draw2_stderr``; the inverse of :meth:`parse`."""
        return quantity_name(self.split, self.base, self.statistic, self.draw)

    def called(self, name: str) -> Quantity:
        """The same quantity with its parts, taken from a name if it has none."""
        return self if self.base else replace(self, **_parts(name))

    def beside(self, **parts: Any) -> Quantity:
        """The quantity with some attributes replaced: ``beside(statistic="stderr")``."""
        return replace(self, **parts)

    @property
    def kind(self) -> Kind:
        """Its kind, from the last words of its base."""
        return KINDS.get(_kind_of(self.base), _OTHER)

    @property
    def is_stderr(self) -> bool:
        """Whether it is a standard error."""
        return self.statistic == STDERR

    @property
    def is_quantile(self) -> bool:
        """Whether it is a quantile over draws."""
        return self.statistic not in (MEAN, STDERR)

    @property
    def of_draws(self) -> bool:
        """Whether it is a single draw, or a quantile over draws, rather than the mean."""
        return self.draw > 0 or self.is_quantile

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss (also of one draw or a quantile), not a standard error."""
        return self.kind is KINDS["loss"] and not self.is_stderr

    @property
    def is_count(self) -> bool:
        """Whether it is a number of examples."""
        return self.kind is KINDS["count"]

    @property
    def is_eigenvalue(self) -> bool:
        """Whether it is one of the extreme eigenvalues of the Hessian."""
        return self.kind in (KINDS["lambda_max"], KINDS["lambda_min"])

    @property
    def is_eigen_ratio(self) -> bool:
        """Whether it is the ratio of the extreme eigenvalues."""
        return self.kind is KINDS["eigen_ratio"]

    @property
    def is_share(self) -> bool:
        """Whether single examples change it in steps, as for an accuracy."""
        return self.units == "1" and self.kind not in (KINDS["loss"], KINDS["count"])


def quantity_name(split: str, base: str, statistic: str = MEAN, draw: int = 0) -> str:
    """The name built from these parts.

    >>> quantity_name("train", "loss"), quantity_name("", "loss", "stderr", draw=2)
    ('train_loss', 'loss_draw2_stderr')
    """
    end = "" if statistic == MEAN else statistic
    return "_".join(filter(None, (split, base, f"draw{draw}" if draw else "", end)))


def stderr_name(name: str) -> str:
    """The name of the standard error of a mean."""
    return quantity_name("", name, STDERR)


@functools.lru_cache(maxsize=4096)
def _parts(name: str) -> dict[str, Any]:
    match = _NAME.fullmatch(name)
    if match is None:
        return {"base": name}
    return {
        "split": match["split"] or "",
        "base": match["base"] or match["other"],
        "statistic": match["quantile"] or match["error"] or MEAN,
        "draw": int(match["draw"] or 0),
    }


@functools.lru_cache(maxsize=4096)
def _kind_of(base: str) -> str:
    return next((kind for kind in KINDS if f"_{base}".endswith(f"_{kind}")), "")


def by_name(quantities: Iterable[Quantity]) -> dict[str, Quantity]:
    """Quantities by their names, in their order.

    Raises an InputError if two have the same name, or one has a reserved name.
    """
    found: dict[str, Quantity] = {}
    for quantity in quantities:
        name = quantity.name
        if name in _TAKEN or name in found:
            what = "two quantities are" if name in found else "a quantity is"
            raise InputError(
                f"{what} called {name!r}, but names in a surface file must be unique; give the "
                f"metric {quantity.base!r} or the split {quantity.split!r} another name"
            )
        found[name] = quantity
    return found


def is_reserved(metric: str) -> bool:
    """Whether a metric name is reserved: loss, count and standard errors."""
    if not metric or "/" in metric or not metric.isprintable():
        return True
    return metric in ("loss", "count") or Quantity.parse(metric).is_stderr


def known(quantities: Mapping[str, Quantity], name: str) -> Quantity:
    """A quantity of a surface, with its parts.

    Raises an InputError if there is no such quantity.
    """
    if name not in quantities:
        raise unknown_choice("quantity", name, quantities)
    return quantities[name].called(name)


def find(quantities: Mapping[str, Quantity], wanted: Quantity) -> str | None:
    """The name of the quantity with these parts in a surface; None if absent."""
    parts = _parts_of(wanted)
    held = quantities.get(wanted.name)
    if held is not None and (not held.base or _parts_of(held) == parts):
        return wanted.name
    return next((name for name, q in quantities.items() if q.base and _parts_of(q) == parts), None)


def _parts_of(quantity: Quantity) -> tuple[str, str, str, int]:
    return quantity.split, quantity.base, quantity.statistic, quantity.draw


def losses_of(quantities: Mapping[str, Quantity]) -> list[str]:
    """The names of the losses over all draws."""
    means = ((name, q.called(name)) for name, q in quantities.items())
    return [name for name, q in means if q.is_loss and not q.of_draws]


def main_of(quantities: Mapping[str, Quantity]) -> str:
    """The default quantity: the first loss, or else the first quantity."""
    return next(iter([*losses_of(quantities), *quantities]))


def stderr_of(quantities: Mapping[str, Quantity], name: str) -> str | None:
    """The name of a quantity's standard error, if there is one."""
    own = known(quantities, name)
    return find(quantities, own.beside(statistic=STDERR)) if own.statistic == MEAN else None


def quantile_of(quantities: Mapping[str, Quantity], name: str, quantile: str) -> str | None:
    """The name of a quantile over the draws of a quantity, if there is one."""
    own = known(quantities, name)
    alone = own.statistic != MEAN or own.draw
    return None if alone else find(quantities, own.beside(statistic=quantile))


def draw_of(quantities: Mapping[str, Quantity], name: str, draw: int) -> str | None:
    """The name of one draw of a quantity, if there is one."""
    own = known(quantities, name)
    return None if own.of_draws else find(quantities, own.beside(draw=draw))


def accuracy_of(quantities: Mapping[str, Quantity], name: str) -> str | None:
    """The name of the accuracy on the same split (and draw) as a loss, if there is one."""
    own = known(quantities, name)
    if not own.is_loss:
        return None
    return find(quantities, own.beside(base=f"{own.base.removesuffix('loss')}accuracy"))


def split_beside(quantities: Mapping[str, Quantity], name: str) -> str:
    """The split of a quantity; if unknown, that of a loss whose name starts the same."""
    own = known(quantities, name)
    if own.split or quantities[name].base:
        return own.split
    splits = (known(quantities, loss).split for loss in losses_of(quantities))
    return max((s for s in splits if name.startswith(f"{s}_")), key=len, default="")
