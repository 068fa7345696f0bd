"""The frames of a movie: shapes, camera and title of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from landscape.errors import InputError, argument, check_choice
from landscape.render.space.camera import Camera
from landscape.render.space.relief import Relief
from landscape.render.words.captions import name_of
from landscape.render.words.names import names_of

MOVIES = ("turntable", "sequence", "height", "path")
_FRAMES = {"turntable": 72, "height": 60, "path": 60}
_FPS = {"turntable": 15.0, "height": 15.0, "sequence": 4.0, "path": 10.0}
_MOST_FRAMES = 5000
_HELD = 0.15
"""The share of a height movie that is still at each of its two ends."""


@dataclass(frozen=True)
class Frame:
    """One picture."""

    reliefs: Sequence[Relief]
    camera: Camera
    title: str | None


def timing(
    movie: str, surfaces: int, frames: int | None, fps: float | None, seconds: float | None
) -> tuple[int, float]:
    """The number of frames, and frames per second.

    Raises an InputError if the three contradict each other, or one is out of range.
    """
    check_choice("movie", movie, MOVIES)
    if None not in (frames, fps, seconds):
        raise InputError("frames, fps and seconds: expected at most two of them, got all three")
    if movie == "sequence":
        if surfaces < 2:
            raise InputError("a sequence needs at least two surfaces, one for each frame")
        if frames is not None or None not in (fps, seconds):
            raise InputError(
                f"a sequence has one frame for each surface, here {surfaces}: expected fps or "
                "seconds instead of frames"
            )
        frames = surfaces
    if seconds is not None and not 0 < seconds <= 3600:
        raise InputError(f"seconds {seconds:g}: expected above 0 and at most 3600")
    if fps is not None and not 0.1 <= fps <= 60:
        raise InputError(f"fps {fps:g}: expected between 0.1 and 60")
    if seconds is not None and frames is not None:
        fps = frames / seconds
        if not 0.1 <= fps <= 60:
            raise InputError(
                f"{frames} frames in {seconds:g} seconds are {fps:g} per second: expected between "
                "0.1 and 60"
            )
    fps = _FPS[movie] if fps is None else fps
    if seconds is not None and frames is None:
        frames = max(2, round(seconds * fps))
    frames = _FRAMES[movie] if frames is None else frames
    if not 2 <= frames <= _MOST_FRAMES:
        raise InputError(f"{frames} frames: expected between 2 and {_MOST_FRAMES:,}")
    return frames, fps


def planned(
    movie: str, reliefs: Sequence[Relief], camera: Camera, count: int, title: str | None
) -> list[Frame]:
    """The frames of a movie.

    ``turntable`` goes once around all surfaces, from the camera given; ``sequence`` shows one
    surface after the other; ``height`` goes from heights that are losses to heights that are their
    logarithms, and back; ``path`` draws the trajectories step by step. Raises an InputError if
    ``height`` is requested without a log scale, or ``path`` without a trajectory.
    """
    if movie == "sequence":
        names = names_of([r.panel.surface for r in reliefs])
        titles = [f"{title}: {name}" if title else name for name in names]
        return [Frame([r], camera, t) for r, t in zip(reliefs, titles, strict=True)]
    if movie == "height":
        if reliefs[0].scale.kind != "log":
            raise InputError(
                "a movie of heights goes from linear to logarithmic ones: expected scale log"
            )
        return [_risen(reliefs, camera, k / (count - 1), title) for k in range(count)]
    if movie == "path":
        if not any(r.panel.surface.trajectories for r in reliefs):
            raise InputError(
                "a movie of a path needs a surface with a trajectory: sample one with "
                f"{argument('trajectories')}"
            )
        return [_walked(reliefs, camera, k / (count - 1), title) for k in range(count)]
    turned = (Camera(camera.elevation, camera.azimuth + 360 * k / count) for k in range(count))
    return [Frame(reliefs, c, title) for c in turned]


def _walked(reliefs: Sequence[Relief], camera: Camera, time: float, title: str | None) -> Frame:
    """The paths from their first step to the one of a time from 0 to 1."""
    shapes = []
    for shape in reliefs:
        paths = shape.panel.surface.trajectories
        begun = {
            name: path.until(2 + round(time * (path.x.size - 2))) for name, path in paths.items()
        }
        surface = replace(shape.panel.surface, trajectories=begun)
        shapes.append(replace(shape, panel=replace(shape.panel, surface=surface)))
    return Frame(shapes, camera, title)


def _risen(reliefs: Sequence[Relief], camera: Camera, time: float, title: str | None) -> Frame:
    there = 1 - abs(2 * time - 1)
    part = min(max((there - _HELD) / (1 - 2 * _HELD), 0.0), 1.0)
    logarithmic = 0.5 - 0.5 * math.cos(math.pi * part)
    words = {0.0: "height: the value", 1.0: "height: its logarithm"}
    state = words.get(logarithmic, "height: from the value to its logarithm")
    name = title or (name_of(reliefs[0].panel.surface) if len(reliefs) == 1 else "")
    heading = f"{name}, {state}" if name else state[:1].upper() + state[1:]
    return Frame([replace(r, logarithmic=logarithmic) for r in reliefs], camera, heading)
