#!/bin/sh
# landscaper 1.3.1 does not move along the direction that it is given: it rescales each tensor of it
# to the same root mean square.
#
# For a network with two scalar parameters and the direction (1, 0.1), as an eigenvector of the
# Hessian may be, `compute_loss_landscape` moves both parameters by the same amount, along (1, 1).
# The slope 0.1 of the direction is lost; its weak part counts ten times as much. A component of
# 0.001 gives the same path. The function is meant for eigenvectors (its docstring says "along the
# top-N eigenvector directions"), and along (1, 1) the curvature is not the eigenvalue.
#
# Output seen (movement of the second parameter per unit of the first):
#   direction (1, 0.1): 1.0
#   direction (1, 0.001): 1.0
#   direction (1, 0): 0.0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet landscaper==1.3.1 torch==2.13.0 numpy==1.26.4
"$folder/env/bin/python" - 2> "$folder/progress" <<'END'
import contextlib
import io
import sys

import torch
from landscaper.compute import compute_loss_landscape
from torch import nn


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([3.0]))
        self.b = nn.Parameter(torch.tensor([4.0]))


def slope(second):
    places = []

    def loss(model, _):
        places.append((model.a.item(), model.b.item()))
        return model.a.item() ** 2

    direction = [torch.tensor([1.0]), torch.tensor([second])]
    with contextlib.redirect_stdout(io.StringIO()):
        compute_loss_landscape(
            Two(), None, [direction], loss, steps=3, distance=0.3, dim=1, device="cpu"
        )
    (_, _), (a, b), (x, y) = places
    return round((y - b) / (x - a), 4)


seen = {second: slope(second) for second in (0.1, 0.001, 0.0)}
for second, found in seen.items():
    print(f"direction (1, {second:g}): {found}")
sys.exit(seen != {0.1: 1.0, 0.001: 1.0, 0.0: 0.0})
END
