#!/bin/sh
# landscaper 1.3.1 changes the values of a loss surface that it has computed: it adds random noise
# to the highest points, and replaces NaN by the mean of the other points.
#
# `compute_loss_landscape` adds normal noise to every point that equals the maximum, with 1% of the
# standard deviation of the others (0.01 if all are equal). So a constant loss of 2 gives a surface
# that is not constant, and two calls with the same weights, directions and loss differ at the
# maximum, and there only. A loss of NaN at the last point comes back as 0.06, the mean of the
# others (0.16, 0.04, 0, 0.04), and nothing in the result tells it apart.
#
# Output seen:
#   constant loss of 2: values differ True
#   a parabola twice: equal below the maximum True, at the maximum False
#   with NaN at the last point: [0.04, 0.0, 0.04, 0.06]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet landscaper==1.3.1 torch==2.13.0 numpy==1.26.4
"$folder/env/bin/python" - 2> "$folder/progress" <<'END'
import contextlib
import io
import math
import sys

import numpy as np
import torch
from landscaper.compute import compute_loss_landscape
from torch import nn


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor([1.0]))


def surface(loss):
    with contextlib.redirect_stdout(io.StringIO()):
        values, _ = compute_loss_landscape(
            Line(), None, [[torch.ones(1)]], loss, steps=5, distance=0.5, dim=1, device="cpu"
        )
    return values


def offset(model):
    return round(model.w.item() - 1, 6)


def with_nan(model, _):
    return math.nan if offset(model) > 0.3 else offset(model) ** 2


constant = surface(lambda model, _: 2.0)
differ = len(set(constant.tolist())) > 1
print("constant loss of 2: values differ", differ)

# the left end is the only maximum: 0.16 (1.1)²
first, second = (surface(lambda model, _: (offset(model) - 0.04) ** 2) for _ in range(2))
below, highest = bool((first[1:] == second[1:]).all()), bool(first[0] == second[0])
print(f"a parabola twice: equal below the maximum {below}, at the maximum {highest}")

values = surface(with_nan)
mean = np.mean([0.16, 0.04, 0.0, 0.04])
print("with NaN at the last point:", [round(v, 2) for v in values[1:].tolist()])
replaced = bool(abs(values[4] - mean) < 1e-6)
sys.exit(not (differ and below and not highest and replaced))
END
