"""The Hessian of the mean loss over a whole data set, as a linear operator.

The product with a vector v is the gradient of ⟨∇L, v⟩ (Pearlmutter, *Fast exact multiplication by
the Hessian*, 1994), computed by double backpropagation batch by batch.
"""

from __future__ import annotations

import torch
from torch import Tensor

from landscape.data import Batch
from landscape.hessian.over_examples import CurvatureOperator, Weighted


class HessianOperator(CurvatureOperator):
    """The Hessian of the mean loss of one split: see :class:`CurvatureOperator`.

    Examples
    --------
    Of the problem in the example of :class:`landscape.Problem`:

    >>> import torch
    >>> from landscape.hessian import HessianOperator
    >>> hessian = HessianOperator(problem)
    >>> hessian.size  # the weights of both layers, without biases
    176
    >>> hessian.product(torch.ones(hessian.size)).shape
    torch.Size([176])
    >>> {layer: block.size for layer, block in hessian.layers().items()}
    {'0': 128, '2': 48}
    """

    name = "Hessian"

    def product(self, vector: Tensor) -> Tensor:
        """The Hessian times a vector, shape (size,). NaN and infinity are passed through."""
        parts, moved = self._parts(vector), list(self._moved.values())

        def second(batch: Batch) -> Weighted:
            column = self._loss(batch)
            if not column.weight:
                return 0.0, []
            first = torch.autograd.grad(column.mean(), moved, create_graph=True, allow_unused=True)
            # The gradient of a loss that is linear in a parameter is constant.
            pairs = [(g, v) for g, v in zip(first, parts, strict=True) if g is not None]
            pairs = [(g, v) for g, v in pairs if g.requires_grad]
            if not pairs:
                return column.weight, [torch.zeros_like(p) for p in moved]
            gradients, vectors = zip(*pairs, strict=True)
            self._check_twice(gradients)
            found = torch.autograd.grad(gradients, moved, vectors, materialize_grads=True)
            return column.weight, found

        return self._mean(second)
