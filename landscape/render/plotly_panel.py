"""One panel of a page as the JSON that plotly.js draws: a 3-D scene or a curve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from landscape.grid import FloatArray
from landscape.render.camera import Camera
from landscape.render.heights import Heights
from landscape.render.lines import NORMAL_95, line_of
from landscape.render.numerals import short
from landscape.render.scale import Scale, inner_ticks
from landscape.render.shown import Shown, accuracy_of, is_loss, shown, stderr_of

HEIGHT = 0.65
"""Height of a scene's box in units of its width."""
_DISTANCE = 2.1
_FONT = {"family": "system-ui, sans-serif", "size": 12, "color": "#333"}


def plain(values: FloatArray) -> list[Any]:
    """An array as nested lists, six significant digits, None for what is not finite."""
    if values.ndim > 1:
        return [plain(row) for row in values]
    return [float(f"{v:.6g}") if math.isfinite(v) else None for v in values.tolist()]


def hover_texts(panel: Heights) -> FloatArray:
    """What each point says beside its coordinates, an array of text of the grid's shape."""
    surface, quantity = panel.surface, panel.quantity
    error = stderr_of(surface, quantity.name)
    accuracy = accuracy_of(surface, quantity.name)
    texts = np.empty(panel.values.shape, dtype=object)
    for index in np.ndindex(*panel.values.shape):
        if not math.isfinite(panel.values[index]):
            texts[index] = ""
            continue
        text = short(float(panel.values[index]), 4)
        if error and math.isfinite(surface[error][index]):
            text += f" ± {short(float(surface[error][index] * quantity.factor), 2)}"
        if accuracy and math.isfinite(surface[accuracy][index]):
            percent = surface[accuracy][index] * shown(surface, accuracy).factor
            text += f"<br>accuracy {float(percent):.4g} %"
        texts[index] = text
    return texts


def _word(quantity: Shown) -> str:
    # Only words of our own: the quantity's label may come from a file, and plotly reads markup.
    word = "loss" if is_loss(quantity.name) else "value"
    return f"{word} ({quantity.unit})" if quantity.unit in ("nats", "%") else word


def _at(ticks: FloatArray) -> dict[str, Any]:
    return {"tickmode": "array", "tickvals": plain(ticks), "ticktext": [short(v) for v in ticks]}


def surface_spec(
    panel: Heights, scale: Scale, ticks: FloatArray, colours: list[list[Any]], camera: Camera
) -> dict[str, Any]:
    """A scene: ``{"data": [...], "layout": {...}}``; heights are log10 on a log scale."""
    y = panel.surface.y
    assert y is not None
    word = _word(panel.quantity)
    trace = {
        "type": "surface",
        "x": plain(panel.surface.x),
        "y": plain(y),
        "z": plain(panel.heights),
        "text": hover_texts(panel).tolist(),
        "cmin": scale.bottom,
        "cmax": scale.top,
        "colorscale": colours,
        "showscale": False,
        "connectgaps": False,
        "lighting": {"ambient": 0.65, "diffuse": 0.6, "specular": 0.08, "roughness": 0.8},
        "hovertemplate": f"x %{{x:.4~g}}, y %{{y:.4~g}}<br>{word} %{{text}}<extra></extra>",
    }
    j, i = panel.best
    best = {
        "type": "scatter3d",
        "mode": "markers",
        "x": [float(panel.surface.x[i])],
        "y": [float(y[j])],
        "z": [float(panel.heights[j, i])],
        "marker": {"size": 4, "color": "white", "line": {"color": "black", "width": 2}},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    dx, dy, dz = camera.direction
    free = scale.clear_of_bottom(ticks)
    axis = {
        "backgroundcolor": "#fff",
        "gridcolor": "#ddd",
        "zeroline": False,
        "showspikes": False,
        "tickangle": 0,
    }
    span = [float(v) for v in (panel.surface.x[0], panel.surface.x[-1], y[0], y[-1])]
    lid = 0.005 * (scale.top - scale.bottom)
    layout = {
        "font": _FONT,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "#fff",
        "showlegend": False,
        "scene": {
            "aspectmode": "manual",
            "aspectratio": {"x": 1, "y": 1, "z": HEIGHT},
            "camera": {
                "eye": {"x": _DISTANCE * dx, "y": _DISTANCE * dy, "z": _DISTANCE * dz},
                "center": {"x": 0, "y": 0, "z": -0.14},
            },
            "xaxis": {
                **axis,
                "title": {"text": "x"},
                "range": span[:2],
                **_at(inner_ticks(panel.surface.x)),
            },
            "yaxis": {**axis, "title": {"text": "y"}, "range": span[2:], **_at(inner_ticks(y))},
            "zaxis": {
                **axis,
                "title": {"text": word},
                # A plateau of clipped values lies in the lid of the box, which would cut it.
                "range": [scale.bottom - lid, scale.top + lid],
                "tickmode": "array",
                "tickvals": plain(scale.heights(free)),
                "ticktext": [short(v) for v in free],
            },
        },
    }
    return {"data": [trace, best], "layout": layout}


def curve_spec(panel: Heights, scale: Scale, ticks: FloatArray) -> dict[str, Any]:
    """A curve with its band of ±1.96 standard errors, the accuracy on a second axis."""
    surface, quantity = panel.surface, panel.quantity
    line = line_of(surface)
    at = plain(line.coordinates)
    drawn = np.clip(panel.values, scale.low, scale.high).ravel()
    word = _word(quantity)
    data: list[dict[str, Any]] = []
    error = stderr_of(surface, quantity.name)
    if error:
        half = NORMAL_95 * quantity.factor * surface[error].ravel()
        shared: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": at, "hoverinfo": "skip"}
        shared |= {"showlegend": False, "line": {"width": 0}}
        low, high = np.clip(drawn - half, scale.low, None), np.clip(drawn + half, None, scale.high)
        data.append({**shared, "y": plain(low)})
        band = {"fill": "tonexty", "fillcolor": "rgba(0,114,178,.2)"}
        data.append({**shared, "y": plain(high), **band})
    data.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "marker": {"size": 4},
            "line": {"color": "#0072B2", "width": 2},
            "x": at,
            "y": plain(drawn),
            "text": hover_texts(panel).ravel().tolist(),
            "hovertemplate": f"{line.axis} %{{x:.4~g}}<br>{word} %{{text}}<extra></extra>",
            "showlegend": False,
        }
    )
    room = 0.04 * (scale.top - scale.bottom)
    blue, orange = {"color": "#0072B2"}, {"color": "#D55E00"}
    layout: dict[str, Any] = {
        "font": _FONT,
        "margin": {"l": 64, "r": 64, "t": 8, "b": 44},
        "paper_bgcolor": "#fff",
        "plot_bgcolor": "#fff",
        "showlegend": False,
        "xaxis": {"title": {"text": line.axis}, "gridcolor": "#eee", "zeroline": False},
        "yaxis": {
            "title": {"text": word, "font": blue},
            "type": scale.kind,
            "range": [scale.bottom - room, scale.top + room],
            "tickvals": plain(ticks),
            "ticktext": [short(v) for v in ticks],
            "gridcolor": "#eee",
            "zeroline": False,
        },
    }
    accuracy = accuracy_of(surface, quantity.name)
    if accuracy:
        percent = np.where(surface.done, surface[accuracy], np.nan).ravel()
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "line": {"color": "#D55E00", "width": 2, "dash": "dash"},
                "x": at,
                "y": plain(percent * shown(surface, accuracy).factor),
                "yaxis": "y2",
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
        layout["yaxis2"] = {
            "title": {"text": "accuracy (%)", "font": orange},
            "overlaying": "y",
            "side": "right",
            "range": [0, 100],
            "tickmode": "linear",
            "dtick": 20,
            "showgrid": False,
            "zeroline": False,
        }
    return {"data": data, "layout": layout}
