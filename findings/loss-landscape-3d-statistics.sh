#!/bin/sh
# loss-landscape-3d 0.1.3 moves the running statistics of batch normalization along its random
# directions, as if they were weights, below zero for variances.
#
# `generate_random_directions` draws noise for every floating-point entry of the state dict and
# rescales it to the norm of that entry, running means and variances included, which are estimates
# of the data and no parameters. A network of one normalization and one feature has a variance of 1,
# which moves by ±1 for a unit of the axis: beyond 1 on one side the loss is NaN. With the
# statistics left where they are it is finite everywhere.
#
# Output seen (x = -2, -1.5, 0, 1.5, 2; the side depends on the sign of the noise):
#   direction of the variance ±1.0
#   NaN at 2 of 5 points
#   NaN at 0 of 5 points with the statistics left out of the directions
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet loss-landscape-3d==0.1.3 torch==2.13.0 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'END'
import sys

import numpy as np
import torch
from loss_landscape_3d import LossLandscapeCalculator, generate_random_directions
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
net = nn.BatchNorm1d(1)
inputs, targets = torch.randn(8, 1), torch.randn(8, 1)
data = DataLoader(TensorDataset(inputs, targets), batch_size=8)
first, second = generate_random_directions(net)
size = abs(first["running_var"].item())
print(f"direction of the variance ±{size}")


def nan_points(x, y):
    centre = {name: entry.clone() for name, entry in net.state_dict().items()}
    calculator = LossLandscapeCalculator(net, data, nn.MSELoss())
    losses = calculator.calculate([-2.0, -1.5, 0.0, 1.5, 2.0], [0.0], x, y, centre)
    return int(np.isnan(losses).sum())


def without(direction):
    return {n: torch.zeros_like(d) if "running" in n else d for n, d in direction.items()}


moved, left = nan_points(first, second), nan_points(without(first), without(second))
print(f"NaN at {moved} of 5 points")
print(f"NaN at {left} of 5 points with the statistics left out of the directions")
sys.exit((size, moved, left) != (1.0, 2, 0))
END
