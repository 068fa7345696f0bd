"""What is asked of a run: every option once, with its help, for Python and for the command line."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import numpy.typing as npt

from landscape.directions import IGNORED, NORMALIZATIONS
from landscape.errors import InputError, argument, unknown_choice
from landscape.evaluate import Tolerance
from landscape.grid import parse_range
from landscape.planes import DIRECTION_KINDS, Kind, Run
from landscape.planes.choose import is_drawn
from landscape.run.option import option, option_of
from landscape.run.recheck import parse_share
from landscape.run.record import check_kept, kept
from landscape.run.shard import WHOLE, Shard

Range = str | npt.ArrayLike
File = str | Path
RANDOM_RANGE = "-1:1:25"

_MOST_DRAWS = 1000


@dataclass(frozen=True)
class Request:
    """All that is asked of a run; what it is made of is checked here.

    The fields are the keyword arguments of :func:`landscape.sample_surface`, which explains them,
    and the options of ``python -m landscape.sample``.

    Raises
    ------
    InputError
        For options that contradict each other, and values that have not the form of their option.
    """

    x: Range = field(
        default="default",
        metadata=option(
            "A:B:N",
            f"N coordinates from A to B (default: {RANDOM_RANGE} on both axes, or what suits the "
            "directions), or auto:N: both axes as far as the loss takes to rise to twice that of "
            "guessing",
            "plane",
            in_python="An increasing array of coordinates is taken too",
        ),
    )
    y: Range | None = field(
        default="default",
        metadata=option(
            "A:B:N",
            "the same for the second axis",
            "plane",
            in_python="None is a line",
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
            f"{', '.join(IGNORED)}: biasbn leaves biases and normalization layers where they are, "
            "and out of derivatives (default: biasbn)",
            "plane",
        ),
    )
    seed: int = field(
        default=0, metadata=option("N", "of the random directions (default: 0)", "plane", read=int)
    )
    repeats: int = field(
        default=1,
        metadata=option(
            "R",
            "R draws of random directions in one file: mean, quantiles and each (default: 1)",
            "plane",
            read=int,
            in_python="They have the seeds from ``seed`` on; see :mod:`landscape.run.draws`",
        ),
    )
    bn: str = field(
        default="stored",
        metadata=option(
            "HOW",
            "running statistics of batch normalization: stored (with the network, everywhere), "
            "interpolate (between solutions), reestimate (anew at every point) (default: stored)",
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
            in_command="; may be given several times",
            in_python="A list of them, or of folders of checkpoints",
        ),
    )
    path: File | None = field(
        default=None,
        metadata=option(
            "FILE",
            "surface file, resumed if it is there",
            "output",
            in_command=" (surface.h5); folder of the default job",
            in_python="It is written as the points come; None keeps the surface in memory",
            more_names=("o", "output"),
            of_surface=False,
        ),
    )
    save_directions: File | None = field(
        default=None,
        metadata=option("FILE", "write the directions to an HDF5 file", "output", of_surface=False),
    )
    title: str | None = field(
        default=None, metadata=option("TEXT", "kept in the file, shown on pictures", "output")
    )
    shard: str | Shard = field(
        default=WHOLE,
        metadata=option(
            "I/N",
            "only the I-th of N parts of the points",
            "output",
            in_command=", into FILE.part-IofN, for machines without a common network; python -m "
            "landscape.merge puts the parts together",
            of_surface=False,
        ),
    )
    verify: str | float = field(
        default=0.0,
        metadata=option(
            "PERCENT",
            "as in 2%: so many of the points are computed again, under torchrun by another rank, "
            "and a difference beyond rounding stops the run (default: none)",
            "output",
            in_python="A number from 0 to 1 is taken too",
            of_surface=False,
        ),
    )
    tolerance: str | Tolerance | None = field(
        default=None,
        metadata=option(
            "PERCENT[,ABSOLUTE]",
            "as in 2%,0.01: every point on as many examples as it needs for a standard error of "
            "its loss of 2%, or 0.01 if that is larger (default: all examples)",
            "speed",
        ),
    )
    precision: str = field(
        default="float32",
        metadata=option(
            "HOW",
            "float32: the network's own; bfloat16; tf32 (CUDA only); auto: bfloat16 where no loss, "
            "on a few points of this plane, is further off than 2% plus 0.002 (default: float32)",
            "speed",
        ),
    )
    batch_size: int | None = field(
        default=None,
        metadata=option("N", "examples a forward pass (default: tuned)", "speed", read=int),
    )
    tune: str | bool | None = field(
        default=None,
        metadata=option(
            "on|off",
            "try memory layouts, folding of batch norm and batch sizes for a moment and take the "
            "fastest; off: plain settings, batch 128 (default: on, for a shard off)",
            "speed",
            in_python="True and False are taken too",
        ),
    )
    progress: bool = field(
        default=True, metadata=option(None, "show progress bars", "output", of_surface=False)
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            check_kept(getattr(self, one.name), one.name)
        self._set(
            x=_range(self.x, "x"),
            y=None if self.y is None else _range(self.y, "y"),
            directions=_text(self.directions),
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
        """What does not depend on the network, nor on the kind of the directions alone."""
        if _is_automatic(self.x) and self.y not in (None, "default"):
            raise InputError(
                f"{argument('x', self.x)} is for both axes, but {argument('y', self.y)} came too: "
                f"leave {argument('y')} out"
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

    def _check_repeats(self) -> None:
        if self.trajectories:
            raise InputError(
                f"{argument('trajectories')} with {argument('repeats', self.repeats)}: a path has "
                "another place in each draw; show it in a surface of one draw"
            )
        if self.save_directions is not None:
            raise InputError(
                f"{argument('save_directions')} keeps one pair, but "
                f"{argument('repeats', self.repeats)} draws several"
            )
        if not is_drawn(self.directions):
            raise InputError(
                f"{argument('repeats', self.repeats)}: the directions are not drawn at random, so "
                "every draw would be the same; repeat random directions, or those of a function of "
                "your own"
            )

    @property
    def allowed(self) -> Tolerance | None:
        """The tolerance itself; None where a point takes all examples."""
        given = self.tolerance
        return Tolerance.parse(given) if isinstance(given, str) else given

    def as_json(self) -> str:
        """What was asked of the surface and is not by default, as keyword arguments in JSON.

        See :mod:`landscape.run.record` for what JSON cannot hold.
        """
        asked = {
            one.name: kept(getattr(self, one.name))
            for one in fields(self)
            if option_of(one).of_surface and not _same(getattr(self, one.name), one.default)
        }
        return json.dumps(asked)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and bool(one == other)


def _range(given: Range, name: str) -> Range:
    """As text wherever the text means the very same coordinates, else as a tuple."""
    if isinstance(given, str):
        if given != "default" and not _is_automatic(given):
            parse_range(given, name)
        return given
    values = np.asarray(given)
    if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "fiu":
        refused: Range = values.tolist()  # by the grid
        return refused
    for spell in ("{:g}".format, repr):
        ends = [spell(float(values[k])) for k in (0, -1)]
        text = f"{ends[0]}:{ends[1]}:{values.size}" if values.size > 1 else ends[0]
        with contextlib.suppress(InputError):
            if np.array_equal(parse_range(text), values):
                return text
    return tuple(values.tolist())


def _is_automatic(given: object) -> bool:
    return isinstance(given, str) and given.startswith("auto")


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
