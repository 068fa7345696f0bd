#!/bin/sh
# The random surface of pylandscape 0.1.3 is flat: every point has the loss of the network itself.
#
# `Surface.random_surface` makes two directions and calls `get_params` at each point, which is to
# return the network "shifted in the loss landscape". It assigns to the second direction in place of
# the copy's parameters, so that the copy is never moved; a loss that differs from point to point
# along any direction comes out constant, without a warning.
#
# Output seen:
#   moved by (1, 0): parameters equal True
#   surface of 5 × 5 points: 1 value, that of the network: True
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet pylandscape==0.1.3 setuptools==69.5.1
"$folder/env/bin/python" -W ignore - <<'END'
import sys

import torch
from pylandscape import Surface
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs, targets = torch.randn(8, 2), torch.randn(8, 1)
net = nn.Linear(2, 1)
own = nn.functional.mse_loss(net(inputs), targets).item()

directions = [[torch.ones_like(p) for p in net.parameters()] for _ in range(2)]
moved = Surface.get_params(net, directions, [1.0, 0.0])
equal = all(torch.equal(p, q) for p, q in zip(net.parameters(), moved.parameters()))
print("moved by (1, 0): parameters equal", equal)

data = DataLoader(TensorDataset(inputs, targets), batch_size=8)
_, _, losses = Surface(net, nn.MSELoss(), data).random_surface((-1.0, 1.0), 5)
values = set(losses.flatten().tolist())
flat = len(values) == 1 and abs(values.pop() - own) < 1e-6
print("surface of 5 × 5 points: 1 value, that of the network:", flat)
sys.exit(not (equal and flat))
END
