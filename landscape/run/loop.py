"""The main loop: compute missing points and save them regularly, also when interrupted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from landscape.errors import InputError
from landscape.run.interrupt import finishing_points
from landscape.run.saving import Saver
from landscape.surface import Surface
from landscape.version import __version__

Measure = Callable[[Iterable[int]], Iterator[tuple[int, dict[str, float]]]]
"""Maps indices of points to a stream of (index, values)."""


def fill(
    surface: Surface,
    measure: Measure,
    counts: Sequence[str],
    saver: Saver | None,
    progress: bool,
    missing: Sequence[int],
) -> None:
    """Compute points in order; save now and then and at the end.

    ``counts``: names of the quantities that count the examples of a point. ``missing``: flat
    indices of the points to compute, coarse to fine. Raises KeyboardInterrupt after the current
    point on SIGINT; immediately on a second one.
    """
    surface.attributes["versions"] = versions()  # also if the session is killed
    started = time.monotonic()
    computed = images = 0
    bar = tqdm(
        total=int(surface.done.sum()) + len(missing),
        initial=int(surface.done.sum()),
        unit="point",
        desc=saver.path.name if saver else "sampling",
        disable=not progress,
    )
    points = measure(missing)
    try:
        with finishing_points() as interrupted:
            for index, values in points:
                surface.record(index, values)
                computed += 1
                images += sum(int(values[name]) for name in counts)
                now = time.monotonic()
                rate = images / max(now - started, 1e-9)
                bar.set_postfix_str(f"{rate:,.0f} examples/s", refresh=False)
                bar.update()
                if saver is not None:
                    saver.save_sometimes()
                if interrupted():
                    raise KeyboardInterrupt
    finally:
        bar.close()
        note_session(surface, computed, images, time.monotonic() - started)
        try:
            if saver is not None:
                saver.save()
        finally:
            if isinstance(points, Generator):
                points.close()  # end its threads now, not with the program


def saved_words(surface: Surface, path: Path | None) -> str:
    """``12 of 81 points are saved in a.h5``, or empty before the first point."""
    done = int(surface.done.sum())
    if not done:
        return ""
    words = f"{done:,} of {surface.grid.size:,} points"
    if path is None:
        return f"{words} were computed, but are lost: no path was given to save them"
    return f"{words} are saved in {path}"


def versions() -> str:
    """Versions of the packages that values are computed with."""
    return f"landscape {__version__}, torch {torch.__version__}, numpy {np.__version__}"


def note_session(surface: Surface, points: int, images: int, seconds: float) -> None:
    """Record date, versions and speed of this session; earlier ones remain in ``sessions``."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        sessions = json.loads(str(surface.attributes.get("sessions", "[]")))
    except ValueError as error:
        raise InputError(f"attribute 'sessions' is not a JSON list: {error}") from None
    rate = images / seconds if seconds > 0 else 0.0
    sessions.append(
        {
            "date": now,
            "versions": versions(),
            "points": points,
            "seconds": round(seconds, 3),
            "images_per_second": round(rate, 1),
        }
    )
    surface.attributes.update(
        sessions=json.dumps(sessions),
        date=now,
        versions=versions(),
        seconds=round(sum(s["seconds"] for s in sessions), 3),
        images_per_second=round(rate, 1),
    )
