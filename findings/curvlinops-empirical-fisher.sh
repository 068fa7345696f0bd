#!/bin/sh
# The empirical Fisher of curvlinops 3.0.1 for a mean squared error is C times the mean of the outer
# products of per-example gradients as BackPACK 1.7.1 computes them, where C is the number of
# outputs; for cross entropy the two agree.
#
# `nn.MSELoss()` averages over examples and outputs, so the loss of one example is its mean over C
# outputs. BackPACK's gradients (`BatchGrad`) are those of that loss. `EFLinearOperator` takes the
# squared error summed over the outputs as the loss of an example and puts 1/C in front of the sum
# of outer products, in which gradients count twice: one factor C is left. The generalized
# Gauss-Newton matrices of the two libraries (`GGNLinearOperator`, `DiagGGNExact`) agree for both
# losses.
#
# Output seen (traces, curvlinops / BackPACK):
#   mse            Fisher ratio 3.0000  Gauss-Newton ratio 1.0000
#   cross entropy  Fisher ratio 1.0000  Gauss-Newton ratio 1.0000
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6 \
    curvlinops-for-pytorch==3.0.1 backpack-for-pytorch==1.7.1
"$folder/env/bin/python" -W ignore - <<'END'
import sys

import torch
from backpack import backpack, extend
from backpack.extensions import BatchGrad, DiagGGNExact
from curvlinops import EFLinearOperator, GGNLinearOperator
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
N, C = 5, 3
inputs = torch.randn(N, 4)
cases = {
    "mse": (nn.MSELoss, torch.randn(N, C)),
    "cross entropy": (nn.CrossEntropyLoss, torch.randint(0, C, (N,))),
}
seen = {}
for name, (loss, targets) in cases.items():
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, C))

    def trace(operator):
        of = operator(net, loss(), list(net.parameters()), [(inputs, targets)])
        return torch.trace(of @ torch.eye(of.shape[1])).item()

    fisher, gauss_newton = trace(EFLinearOperator), trace(GGNLinearOperator)
    extended = extend(nn.Sequential(*net))
    with backpack(BatchGrad(), DiagGGNExact()):
        extend(loss())(extended(inputs), targets).backward()
    # a mean over the batch: grad_batch is 1/N times the gradient of each example
    outer = sum(((N * p.grad_batch) ** 2).sum().item() for p in net.parameters()) / N
    diagonal = sum(p.diag_ggn_exact.sum().item() for p in net.parameters())
    seen[name] = f"{fisher / outer:.4f}", f"{gauss_newton / diagonal:.4f}"
    print(f"{name:14s} Fisher ratio {seen[name][0]}  Gauss-Newton ratio {seen[name][1]}")
sys.exit(seen != {"mse": ("3.0000", "1.0000"), "cross entropy": ("1.0000", "1.0000")})
END
