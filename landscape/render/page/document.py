"""The page around its data: HTML, CSS and JavaScript in one document that makes no requests."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import zlib
from importlib.resources import files
from string import Template
from typing import Any

from landscape.render.space.relief import HEIGHT

# The order matters: each may use those before it.
_SCRIPTS = (
    "numbers.js",
    "scale.js",
    "picture.js",
    "theme.js",
    "refine.js",
    "sight.js",
    "svg.js",
    "path.js",
    "frame.js",
    "marks.js",
    "scene.js",
    "isolines.js",
    "linelabels.js",
    "contour.js",
    "curve.js",
    "page.js",
    "tools.js",
    "damage.js",
    "card.js",
    "still.js",
    "visible.js",
    "controls.js",
    "panels.js",
    "pointing.js",
    "turning.js",
    "export.js",
    "summary.js",
    "layer.js",
    "findings.js",
    "chart.js",
    "help.js",
    "arrangement.js",
    "draws.js",
    "lens.js",
    "cut.js",
    "levels.js",
    "pins.js",
    "playback.js",
    "difference.js",
    "drawing.js",
    "command.js",
    "saving.js",
    "embed.js",
    "address.js",
    "main.js",
)
_STYLES = ("page.css", "tools.css")
_LIVE = "live.js"


def page_html(data: dict[str, Any], *, live: bool = False) -> str:
    """One HTML document that draws ``data``.

    Its policy allows only its own scripts, by their hashes, and no requests; even if text of the
    data were parsed as markup, it could not run.

    Parameters
    ----------
    data
        From :func:`landscape.render.page.page_data`.
    live
        Whether the page polls its server for newer data.
    """
    names = (*_SCRIPTS, _LIVE) if live else _SCRIPTS
    start = f'(() => {{\n"use strict";\nconst BOX_HEIGHT = {HEIGHT};\n'
    own = start + "\n".join(_text(name) for name in names) + "})();\n"
    plotly, text = _plotly_js(), _json(data)
    return Template(_text("page.html")).substitute(
        heading=html.escape(data["heading"]),
        policy=policy(plotly, own, live=live),
        style="".join(_text(name) for name in _STYLES),
        data=text,
        crc=f"{zlib.crc32(text.encode()):08x}",
        plotly=plotly,
        own=own,
    )


def policy(*scripts: str, live: bool) -> str:
    """The Content-Security-Policy: these inline scripts and no request."""
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    rules = [
        "default-src 'none'",
        f"script-src {hashes}",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join([*rules, "connect-src 'self'"] if live else rules)


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _text(name: str) -> str:
    return files(__package__).joinpath("web", name).read_text(encoding="utf-8")


def _plotly_js() -> str:
    """The bundle that the package was built with; without it, all of plotly.js."""
    bundle = files(__package__).joinpath("web", "plotly.min.js")
    if bundle.is_file():
        script = bundle.read_text(encoding="utf-8")
    else:
        from plotly.offline import get_plotlyjs

        script = str(get_plotlyjs())
    # A browser normalizes every line end to \n before it computes the hash.
    return script.replace("\r\n", "\n").replace("\r", "\n")


def _json(data: dict[str, Any]) -> str:
    # Without "<" no text can close its element or start a comment.
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c")
