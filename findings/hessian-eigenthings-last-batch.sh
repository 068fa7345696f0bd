#!/bin/sh
# The operators of hessian-eigenthings 1.0.0a5 give every batch the same weight, however many
# examples it has: where the last batch is smaller, as DataLoader makes it by default, they are not
# those of the mean loss.
#
# Four examples x = 1 and one x = 3 under the loss (w x)²: the second derivative of the mean is
# 2 (1 + 1 + 1 + 1 + 9) / 5 = 5.2. In batches of four the last example counts as much as the other
# four, and the result depends on the batch size. The empirical Fisher (at w = 1, with squares of
# 2 x²) is documented as (1/N) Σ over the examples, and does the same. The Hessian of curvlinops
# 3.0.1 is 5.2 for any batch size.
#
# Output seen (batches of 5, 4, 2):
#   Hessian  5.2 10.0 7.3333
#   Fisher   68.0 164.0 110.6667
#   curvlinops  5.2 5.2 5.2
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6 \
    hessian-eigenthings==1.0.0a5 curvlinops-for-pytorch==3.0.1
"$folder/env/bin/python" -W ignore - <<'END'
import sys

import torch
from curvlinops import HessianLinearOperator
from hessian_eigenthings.operators import EmpiricalFisherOperator, HessianOperator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.set_default_dtype(torch.float64)
net = nn.Linear(1, 1, bias=False)
nn.init.ones_(net.weight)
inputs, targets = torch.tensor([1.0, 1, 1, 1, 3])[:, None], torch.zeros(5, 1)
loss = nn.MSELoss()
one = torch.ones(1)


def of(model, batch):
    return loss(model(batch[0]), batch[1])


seen = {"Hessian": [], "Fisher": [], "curvlinops": []}
for size in (5, 4, 2):
    data = DataLoader(TensorDataset(inputs, targets), batch_size=size)
    other = HessianLinearOperator(net, loss, list(net.parameters()), list(data))
    seen["Hessian"].append(HessianOperator(net, data, of).matvec(one))
    seen["Fisher"].append(EmpiricalFisherOperator(net, data, of).matvec(one))
    seen["curvlinops"].append(other @ one)
found = {name: [round(v.item(), 4) for v in values] for name, values in seen.items()}
for name, values in found.items():
    print(f"{name:8s}", *values)
expected = {
    "Hessian": [5.2, 10.0, 7.3333],
    "Fisher": [68.0, 164.0, 110.6667],
    "curvlinops": [5.2, 5.2, 5.2],
}
sys.exit(found != expected)
END
