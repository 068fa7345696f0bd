"""The options of a run: each defined once, with its help, for Python and the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from pathlib import Path, PurePath
from typing import Any

from landscape.directions import IGNORED, NORMALIZATIONS
from landscape.directions.filters import filters_as_text
from landscape.errors import InputError, argument, unknown_choice
from landscape.evaluate import Tolerance
from landscape.planes import DIRECTION_KINDS, Kind, Run
from landscape.planes.choose import is_drawn, is_normalized, moves_inputs
from landscape.run.option import option, option_of
from landscape.run.ranges import RANDOM_RANGE, Range, is_automatic, requested_range
from landscape.run.recheck import parse_share
from landscape.run.record import check_kept, kept
from landscape.run.shard import WHOLE, Shard

File = str | Path

_MOST_DRAWS = 1000


@dataclass(frozen=True)
class Request:
    """The options of a run, checked.

    The fields are the keyword arguments of :func:`landscape.sample_surface`, which explains them,
    and the options of ``python -m landscape.sample``.

    Raises
    ------
    InputError
        For conflicting options and invalid values.
    """

    x: Range = field(
        default="default",
        metadata=option(
            "A:B:N",
            f"N coordinates from A to B (default: {RANDOM_RANGE} on both axes, or a range that "
            "suits the directions), or auto:N: N coordinates of the range that suits: around the "
            "checkpoints or solutions of the directions, else up to where the loss is twice that "
            "of guessing",
            "plane",
            in_python="An increasing array of coordinates is accepted too",
        ),
    )
    y: Range | None = field(
        default="default",
        metadata=option(
            "A:B:N",
            "the same for the second axis",
            "plane",
            in_python="None gives a line",
            in_command="; x without y gives a line",
        ),
    )
    _: KW_ONLY
    directions: Kind = field(
        default="random",
        metadata=option(
            "KIND",
            f"{', '.join(DIRECTION_KINDS)} (default: random)",
            "plane",
            in_python="Functions, tensors and more: see :func:`landscape.planes.span`",
        ),
    )
    norm: str | None = field(
        default=None,
        metadata=option(
            "HOW",
            f"normalization of random directions: {', '.join(NORMALIZATIONS)} (default: filter)",
            "plane",
        ),
    )
    ignore: str | None = field(
        default=None,
        metadata=option(
            "WHAT",
            f"{', '.join(IGNORED)}: biasbn excludes biases and normalization layers from "
            "directions and derivatives (default: biasbn)",
            "plane",
        ),
    )
    filters: str | Mapping[str, int | str] | None = field(
        default=None,
        metadata=option(
            "PATTERN=AXIS,…",
            "the axis of a parameter that runs over its filters, where it is another than the "
            "module's output axis, as in *.c_attn.weight=-1; whole: the parameter is one filter; "
            "first: the first axis of all",
            "plane",
            in_python="A dict of axes by pattern is accepted too; see "
            ":mod:`landscape.directions.filters`",
        ),
    )
    seed: int = field(
        default=0,
        metadata=option("N", "seed of the random directions (default: 0)", "plane", read=int),
    )
    repeats: int = field(
        default=1,
        metadata=option(
            "R",
            "R draws of random directions in one file: mean, quantiles and each draw (default: 1)",
            "plane",
            read=int,
            in_python="Their seeds start at ``seed``; see :mod:`landscape.run.draws`",
        ),
    )
    bn: str = field(
        default="stored",
        metadata=option(
            "HOW",
            "batch-norm running statistics: stored (those of the network, at every point), "
            "interpolate (between solutions), reestimate (at every point) (default: stored)",
            "plane",
        ),
    )
    trajectories: Sequence[File | Run] = field(
        default=(),
        metadata=option(
            "RUN",
            "a training run whose path is shown in the plane",
            "plane",
            several=True,
            in_command="; may be repeated",
            in_python="A list of runs or of folders of checkpoints",
        ),
    )
    path: File | None = field(
        default=None,
        metadata=option(
            "FILE",
            "surface file, resumed if it exists",
            "output",
            in_command=" (default: surface.h5); for the default job, a folder",
            in_python="Written during sampling; None keeps the surface in memory",
            more_names=("o", "output"),
            of_surface=False,
        ),
    )
    refine: File | None = field(
        default=None,
        metadata=option(
            "FILE",
            "a coarser surface of the same run, whose points are taken along; it may be the output "
            "file itself",
            "output",
            of_surface=False,
        ),
    )
    save_directions: File | None = field(
        default=None,
        metadata=option("FILE", "write the directions to an HDF5 file", "output", of_surface=False),
    )
    title: str | None = field(
        default=None, metadata=option("TEXT", "stored in the file, shown in plots", "output")
    )
    shard: str | Shard = field(
        default=WHOLE,
        metadata=option(
            "I/N",
            "only the I-th of N parts of the points",
            "output",
            in_command=", into FILE.part-IofN, for machines without a common network; combine "
            "the parts with python -m landscape.merge",
            of_surface=False,
        ),
    )
    verify: str | float = field(
        default=0.0,
        metadata=option(
            "PERCENT",
            "share of the points to recompute, as in 2%, under torchrun on another rank; a "
            "difference beyond rounding stops the run (default: none)",
            "output",
            in_python="A number from 0 to 1 is accepted too",
            of_surface=False,
        ),
    )
    tolerance: str | Tolerance | None = field(
        default=None,
        metadata=option(
            "PERCENT[,ABSOLUTE]",
            "as in 2%,0.01: use as many examples per point as needed for a standard error of the "
            "loss of 2%, or 0.01 if that is larger (default: all examples)",
            "speed",
        ),
    )
    precision: str = field(
        default="float32",
        metadata=option(
            "HOW",
            "float32: the network's own; bfloat16; tf32 (CUDA only); auto: bfloat16 if it "
            "is faster here and its error of the loss at most 2% plus 0.002 at a few points of "
            "the plane (default: float32)",
            "speed",
        ),
    )
    batch_size: int | None = field(
        default=None,
        metadata=option("N", "examples per forward pass (default: tuned)", "speed", read=int),
    )
    tune: str | bool | None = field(
        default=None,
        metadata=option(
            "on|off",
            "on: time memory layouts, batch-norm folding and batch sizes and use the fastest; off: "
            "plain settings, batch size 128 (default: on as far as it takes at most 3% of the run, "
            "off for a shard)",
            "speed",
            in_python="True and False are accepted too",
        ),
    )
    progress: bool = field(
        default=True, metadata=option(None, "show progress bars", "output", of_surface=False)
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            check_kept(getattr(self, one.name), one.name)
        self._set(
            x=requested_range(self.x, "x"),
            y=None if self.y is None else requested_range(self.y, "y"),
            directions=_text(self.directions),
            filters=filters_as_text(self.filters) or None,
            trajectories=_listed(self.trajectories),
            shard=Shard.parse(self.shard) if isinstance(self.shard, str) else self.shard,
            verify=parse_share(self.verify) if isinstance(self.verify, str) else self.verify,
            tune=_switched(self.tune),
        )
        self._check()

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check(self) -> None:
        """Check what does not depend on the network."""
        if is_automatic(self.x) and self.y not in (None, "default"):
            raise InputError(
                f"{argument('x', self.x)} sets both axes, but {argument('y', self.y)} is also "
                f"given; leave {argument('y')} out"
            )
        if not 1 <= self.repeats <= _MOST_DRAWS:
            raise InputError(
                f"{argument('repeats', self.repeats)}: expected a whole number from 1 to "
                f"{_MOST_DRAWS}"
            )
        if self.repeats > 1:
            self._check_repeats()
        if not 0 <= float(self.verify) <= 1:
            raise InputError(
                f"{argument('verify', self.verify)}: expected a share of the points, from 0 to 1"
            )
        if isinstance(self.tolerance, str):
            Tolerance.parse(self.tolerance)
        if moves_inputs(self.directions) and (self.trajectories or self.save_directions):
            unfit = "trajectories" if self.trajectories else "save_directions"
            raise InputError(
                f"{argument(unfit)} with {argument('directions', self.directions)}: the plane "
                f"moves inputs, not weights; leave out {argument(unfit)}"
            )
        if self.filters and not is_normalized(self.directions):
            raise InputError(
                f"{argument('directions', self.directions)}: these directions are not normalized; "
                f"leave out {argument('filters', self.filters)}"
            )

    def _check_repeats(self) -> None:
        if self.trajectories:
            raise InputError(
                f"{argument('trajectories')} with {argument('repeats', self.repeats)}: a path has "
                "different coordinates in each draw; use a surface of one draw"
            )
        if self.save_directions is not None:
            raise InputError(
                f"{argument('save_directions')} with {argument('repeats', self.repeats)}: only "
                "the directions of a single draw can be saved; leave one of the two out"
            )
        if not is_drawn(self.directions):
            raise InputError(
                f"{argument('repeats', self.repeats)}: the directions are not random, so every "
                "draw would be the same; use random directions or your own function"
            )

    @property
    def allowed(self) -> Tolerance | None:
        """The parsed tolerance; None means all examples."""
        given = self.tolerance
        return Tolerance.parse(given) if isinstance(given, str) else given

    def as_json(self) -> str:
        """The options that determine the surface and are not defaults, as JSON.

        See :mod:`landscape.run.record` for values that JSON cannot represent.
        """
        given = {
            one.name: kept(getattr(self, one.name))
            for one in fields(self)
            if option_of(one).of_surface and not _same(getattr(self, one.name), one.default)
        }
        return json.dumps(given)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and bool(one == other)


def _text(kind: Any) -> Any:
    return str(kind) if isinstance(kind, PurePath) else kind


def _listed(runs: Any) -> tuple[Any, ...]:
    single = isinstance(runs, str | PurePath | Run)
    return tuple(_text(one) for one in ([runs] if single else runs))


def _switched(tune: str | bool | None) -> bool | None:
    if isinstance(tune, str):
        if tune not in ("on", "off"):
            raise unknown_choice(f"value of {argument('tune')}", tune, ("on", "off"))
        return tune == "on"
    return tune
