"""The explorer opened in a browser, and surfaces to open in it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from landscape.grid import Grid
from landscape.surface import Quantity, Surface, Trajectory


def bowl(nx=11, ny=9, scale=1.0, **attributes):
    """Two splits with standard errors, accuracy and counts; the loss spans three decades."""
    x, y = np.linspace(-1, 1, nx), np.linspace(-1, 0.6, ny)
    far = x[None, :] ** 2 + y[:, None] ** 2 + 0.1 * x[None, :]
    values = {}
    for split, factor in [("train", 1.0), ("test", 1.5)]:
        loss = scale * factor * (0.05 + 3 * far + 20 * np.maximum(far - 0.9, 0) ** 2)
        values[f"{split}_loss"] = loss
        values[f"{split}_loss_stderr"] = 0.1 * loss
        values[f"{split}_accuracy"] = np.exp(-loss / scale) / factor
        values[f"{split}_accuracy_stderr"] = np.full(loss.shape, 0.01)
        values[f"{split}_count"] = np.full(loss.shape, 400.0)
    quantities = {name: Quantity("a number", "nats" if "loss" in name else "1") for name in values}
    axis = {"kind": "random", "normalization": "filter", "ignore": "biasbn", "seed": 3}
    axes = {"x": dict(axis), "y": dict(axis)}
    done = np.ones((ny, nx), bool)
    return Surface(Grid(x, y), quantities, values, done, attributes, axes)


NASTY = "<img src=x onerror=alert(1)></script><script>alert(2)</script><b>$x$ & 'co'"
"""A title that would do harm if it were taken for anything but text."""


def path_of_training():
    """Five checkpoints on a straight way to the origin."""
    t = np.linspace(0, 1, 5)
    return Trajectory(x=0.9 * (1 - t), y=-0.9 * (1 - t), loss=3 * (1 - t))


PAINTED_ON_DEMAND = """
window.painted = false;
for (const kind of [WebGLRenderingContext, WebGL2RenderingContext])
  for (const name of Object.getOwnPropertyNames(kind.prototype))
    if (/^draw(Arrays|Elements)/.test(name)) {
      const draw = kind.prototype[name];
      kind.prototype[name] = function (...given) {
        if (window.painted) return draw.apply(this, given);
      };
    }
"""
"""Without a GPU a processor spends seconds on the pixels of a scene, which most tests never see."""


class Explorer:
    """One tab: what it asked for, what went wrong in it, and what the page says of itself.

    The scenes have pixels, and can be pointed at, only if the tab is ``painted``.
    """

    def __init__(
        self,
        browser,
        source,
        *,
        width=1280,
        height=900,
        scheme="light",
        before="",
        painted=False,
        touch=False,
    ):
        self.problems, self.requests = [], []
        self.url = source if isinstance(source, str) else Path(source).as_uri()
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=touch
        )
        if not painted:
            self.context.add_init_script(PAINTED_ON_DEMAND)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.problems.append("dialog"), dialog.dismiss()))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self.requests.append(request.url))
        if before:
            self.page.add_init_script(before)
        self.page.goto(self.url)
        self.settle()

    def paint(self):
        """Give the scenes of a tab that was opened without them their pixels."""
        self.page.evaluate(
            "() => { window.painted = true;"
            " for (const p of document.querySelectorAll('.surface'))"
            " p._fullLayout?.scene?._scene?.glplot?.update(); }"
        )
        self.settle()

    def _said(self, message):
        if message.type == "error":
            self.problems.append(message.text)

    def settle(self, seconds=30.0):
        """Wait until everything that was asked for is drawn."""
        self.until("() => window.landscape && !window.landscape.state().busy", seconds)

    def until(self, question, seconds=30.0):
        # Polled from here: the page's policy forbids what Playwright's own waiting does in it.
        end = time.monotonic() + seconds
        while not self.page.evaluate(question):
            assert time.monotonic() < end, f"never true: {question}"
            time.sleep(0.02)

    @property
    def state(self):
        return self.page.evaluate("() => window.landscape.state()")

    def choose(self, *, view=None, quantity=None, scale=None):
        if view:
            self.radio({"surface": "3-D", "contour": "Contours"}[view])
        if quantity:
            self.page.get_by_label("Quantity").select_option(quantity)
            self.settle()  # the radio buttons below belong to the quantity
        if scale:
            self.radio(scale.capitalize())
        self.settle()
        return self

    def radio(self, name):
        self.page.get_by_role("radio", name=name, exact=True).check()

    def slide(self, place):
        self.page.locator("#clip").fill(str(place))
        self.settle()

    def drawn(self, view, panel=0, trace=0):
        """A trace as plotly has it."""
        return self.page.evaluate(
            "([view, panel, trace]) => JSON.parse(JSON.stringify("
            "document.querySelectorAll('.plot.' + view)[panel].data[trace]))",
            [view, panel, trace],
        )

    def samples(self, panel=0):
        """The heights that plotly draws, at the sampled points."""
        rows = as_array(self.drawn("surface", panel)["z"])
        ny, nx = (np.array(shape) for shape in np.shape(self.state["heights"][panel]))
        return rows[:: (len(rows) - 1) // (ny - 1), :: (len(rows[0]) - 1) // (nx - 1)]

    def cameras(self):
        return self.page.evaluate(
            "() => [...document.querySelectorAll('.surface')]"
            ".map((p) => p._fullLayout.scene._scene.getCamera().eye)"
        )

    def close(self):
        """Leave, having found nothing wrong and nothing asked for from elsewhere."""
        self.context.close()
        asked = [u for u in self.requests if not u.startswith(("blob:", "data:", self.url))]
        assert asked == []
        assert self.problems == []


# Where a place of a scene is on the screen, by the matrices that plotly draws with.
PIXEL = """([panel, place]) => {
  const plot = document.querySelectorAll('.surface')[panel], scene = plot._fullLayout.scene._scene;
  const box = plot.getBoundingClientRect(), { projection, view, model } = scene.glplot.cameraParams;
  const sum = (m, v, i) => [0, 1, 2, 3].reduce((t, j) => t + m[4 * j + i] * v[j], 0);
  const times = (m, v) => [0, 1, 2, 3].map((i) => sum(m, v, i));
  const [x, y, , w] = [model, view, projection].reduce((v, m) => times(m, v),
    [...place.map((c, i) => c * scene.dataScale[i]), 1]);
  return [box.left + (x / w + 1) / 2 * box.width, box.top + (1 - y / w) / 2 * box.height];
}"""


def circles(explorer, panel=0):
    """The round marks above a scene: middles on the screen, fill and edge."""
    return explorer.page.evaluate(
        "(n) => [...document.querySelectorAll('.above')[n].querySelectorAll('circle')]"
        ".map((c) => { const b = c.getBoundingClientRect(); return [(b.left + b.right) / 2,"
        " (b.top + b.bottom) / 2, c.getAttribute('fill'), c.getAttribute('stroke')]; })",
        panel,
    )


def lines(explorer, stroke, value, panel=0):
    """The lines above a scene whose stroke has that value: their places on the screen."""
    return explorer.page.evaluate(
        "([name, value, n]) => { const on = document.querySelectorAll('.above')[n],"
        " { left, top } = on.getBoundingClientRect();"
        " return [...on.querySelectorAll(`path[${name}='${value}']`)].map((p) =>"
        " p.getAttribute('d').slice(1).split('L').map((at) => at.split(' ').map(Number))"
        ".map(([x, y]) => [left + x, top + y])); }",
        [stroke, value, panel],
    )


def finite(surface, name):
    factor = 100 if "accuracy" in name else 1
    values = surface[name]
    return np.where(surface.done & np.isfinite(values), values * factor, np.nan)


def as_array(rows):
    return np.array([[np.nan if v is None else v for v in row] for row in rows])


def keep(name, content):
    """Leave a picture where LANDSCAPE_ARTEFACTS says, for someone to look at."""
    folder = os.environ.get("LANDSCAPE_ARTEFACTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(content)
