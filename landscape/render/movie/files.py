"""Pictures one after another into a ``.gif`` (by Pillow) or an ``.mp4`` (by FFmpeg)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from landscape.atomic import replacing
from landscape.errors import InputError, one_line
from landscape.extras import library
from landscape.render.movie.palette import Palette, Picture

_SAMPLES = 4


def write_gif(
    picture: Callable[[int], Picture], frames: int, fps: float, path: Path, description: str
) -> None:
    """Write an endlessly looping GIF, with the same 256 colours for all frames.

    ``fps``: rounded to whole hundredths of a second per frame, the resolution of the format.
    ``description``: stored as the comment of the file.
    """
    from PIL import Image

    # A few pictures first, to choose colours for all of them.
    first = {k * frames // _SAMPLES: None for k in range(_SAMPLES)}
    kept = {k: picture(k) for k in first}
    palette = Palette(kept.values())

    def reduced(k: int) -> Any:
        image = Image.fromarray(palette.indices(kept.pop(k) if k in kept else picture(k)), "P")
        image.putpalette(palette.colours.tobytes())
        return image

    with replacing(path) as temporary:
        reduced(0).save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=(reduced(k) for k in range(1, frames)),
            duration=10 * max(2, round(100 / fps)),  # players take less than 20 ms for 100
            loop=0,
            comment=description.encode(),
            optimize=False,
        )


def write_mp4(
    picture: Callable[[int], Picture], frames: int, fps: float, path: Path, description: str
) -> None:
    """Write H.264 in an MP4 that browsers play; parameters as for :func:`write_gif`.

    Raises a MissingExtra if imageio-ffmpeg is not installed; an InputError if FFmpeg fails.
    """
    ffmpeg = encoder()
    first = picture(0)
    with replacing(path) as temporary, TemporaryDirectory() as folder:
        written = Path(folder) / "movie.mp4"  # the suffix is how FFmpeg knows the format
        sink = ffmpeg.write_frames(
            str(written),
            (first.shape[1], first.shape[0]),
            fps=fps,
            codec="libx264",
            macro_block_size=2,
            quality=None,
            ffmpeg_log_level="error",
            output_params=[
                *("-crf", "18", "-preset", "medium", "-movflags", "+faststart"),
                *("-fflags", "+bitexact", "-metadata", f"comment={description}"),
            ],
        )
        try:
            sink.send(None)
            for k in range(frames):
                sink.send(np.ascontiguousarray(first if k == 0 else picture(k)))
            sink.close()
        except OSError as error:
            raise InputError(f"FFmpeg could not write {path}: {one_line(error)}") from error
        temporary.write_bytes(written.read_bytes())


def encoder() -> Any:
    """imageio-ffmpeg, which bundles FFmpeg."""
    return library("imageio_ffmpeg", "imageio-ffmpeg", "movie", "writing .mp4 files")
