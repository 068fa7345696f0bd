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
from landscape.store import save_surface
from landscape.surface import Surface
from landscape.version import __version__

Measure = Callable[[Iterable[int]], Iterator[tuple[int, dict[str, float]]]]
"""Maps indices of points to a stream of (index, values)."""

SAVE_EVERY_S = 2.0
"""Most seconds of work that an abrupt end can lose, in addition to the current point."""


def fill(
    surface: Surface,
    measure: Measure,
    counts: Sequence[str],
    path: Path | None,
    progress: bool,
    missing: Sequence[int],
) -> None:
    """Compute points in order; save every few seconds and at the end.

    ``counts``: names of the quantities that count the examples of a point. ``missing``: flat
    indices of the points to compute, coarse to fine. Raises KeyboardInterrupt after the current
    point on SIGINT; immediately on a second one.
    """
    surface.attributes["versions"] = versions()  # also if the session is killed
    started = saved = time.monotonic()
    computed = images = 0
    bar = tqdm(
        total=int(surface.done.sum()) + len(missing),
        initial=int(surface.done.sum()),
        unit="point",
        desc=path.name if path else "sampling",
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
                bar.set_postfix_str(f"{rate:,.0f} images/s", refresh=False)
                bar.update()
                if path is not None and now - saved > SAVE_EVERY_S:
                    save_surface(surface, path)
                    saved = time.monotonic()
                if interrupted():
                    raise KeyboardInterrupt
    finally:
        bar.close()
        note_session(surface, computed, images, time.monotonic() - started)
        try:
            if path is not None:
                save_surface(surface, path)
        finally:
            if isinstance(points, Generator):
                points.close()  # end its threads now, not with the program


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
