"""The Gauss-Newton and Fisher matrices of the mean loss, as linear operators.

With the Jacobian J of what the network returns, and the Hessian H of the loss as a function of it,
the (generalized) Gauss-Newton matrix is the mean of JᵀHJ over the examples: the Hessian of the loss
without the curvature of the network (Schraudolph, *Fast curvature matrix-vector products for
second-order gradient descent*, 2002). For a cross-entropy it is the Fisher information of the
predicted distribution; the *empirical* Fisher matrix, the mean of ggᵀ with the gradients g of the
losses of single examples, is another one (Martens, *New insights and perspectives on the natural
gradient method*, 2020; Kunstner, Hennig and Balles, arXiv 1905.12558).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from landscape.data import Batch
from landscape.errors import InputError, argument
from landscape.hessian.operator import HessianOperator
from landscape.hessian.over_examples import CurvatureOperator, Weighted, check_differentiable
from landscape.problem import OutputObjective, Problem

LIKELIHOODS = ("cross_entropy", "pixel_loss", "token_loss", "next_token_loss")
"""Losses that are the negative log-likelihood of the labels (the mean over their positions)."""


class GaussNewtonOperator(CurvatureOperator):
    """The Gauss-Newton matrix of the mean loss of one split: see :class:`CurvatureOperator`.

    Raises
    ------
    InputError
        Also for an objective of a whole batch, which does not say what the network returns.

    Examples
    --------
    Of the problem in the example of :class:`landscape.Problem`:

    >>> from landscape.hessian import GaussNewtonOperator, eigenpairs
    >>> matrix = GaussNewtonOperator(problem)
    >>> bool(eigenpairs(matrix, 1, 1).value(-1) > -1e-5)  # no direction of negative curvature
    True
    """

    name = "Gauss-Newton"

    def __init__(self, problem: Problem, split: str | None = None, **options: Any) -> None:
        super().__init__(problem, split, **options)
        if not isinstance(problem.objective, OutputObjective):
            raise InputError(
                "the Gauss-Newton matrix needs a loss of the network's outputs, (output, target) "
                "-> (n,); of an objective of a whole batch there are the Hessian and the empirical "
                "Fisher matrix"
            )
        self._objective = problem.objective

    def product(self, vector: Tensor) -> Tensor:
        """The matrix times a vector, shape (size,). NaN and infinity are passed through."""
        parts, moved = self._parts(vector), list(self._moved.values())

        def curved(batch: Batch) -> Weighted:
            outputs = self._objective.outputs(self._model, batch)
            check_differentiable(outputs)
            change = self._change(outputs, moved, parts)
            free = outputs.detach().requires_grad_()
            losses = self._objective.loss_of(free, batch)
            check_differentiable(losses)
            (slope,) = torch.autograd.grad(losses.mean(), free, create_graph=True)
            if not slope.requires_grad:  # the loss is linear
                return float(len(losses)), [torch.zeros_like(p) for p in moved]
            (image,) = torch.autograd.grad(slope, free, change)
            found = torch.autograd.grad(outputs, moved, image, materialize_grads=True)
            return float(len(losses)), found

        return self._mean(curved)


class FisherOperator(GaussNewtonOperator):
    """The Fisher information of the predicted distribution of labels.

    For these losses, cross-entropies, it is the Gauss-Newton matrix.

    Raises
    ------
    InputError
        Also if the loss is not a cross-entropy by name (:data:`LIKELIHOODS`).
    """

    name = "Fisher"

    def __init__(self, problem: Problem, split: str | None = None, **options: Any) -> None:
        super().__init__(problem, split, **options)
        if problem.loss not in LIKELIHOODS:
            raise InputError(
                f"the Fisher information needs the likelihood of the labels: the loss "
                f"{problem.loss!r} is none of {', '.join(LIKELIHOODS)}; choose "
                f"{argument('matrix', 'gauss-newton')} or {argument('matrix', 'empirical-fisher')}"
            )


class EmpiricalFisherOperator(CurvatureOperator):
    """The mean of ggᵀ with the gradients g of the losses of single examples.

    Raises
    ------
    InputError
        Also for an objective that returns one number for a batch.
    """

    name = "empirical Fisher"

    def __init__(self, problem: Problem, split: str | None = None, **options: Any) -> None:
        super().__init__(problem, split, **options)
        if not problem.is_per_example("loss"):
            raise InputError(
                "the empirical Fisher matrix needs an objective that returns a number per example, "
                "(n,) or a pair of (n,), not one for a batch"
            )

    def product(self, vector: Tensor) -> Tensor:
        """The matrix times a vector, shape (size,). NaN and infinity are passed through."""
        parts, moved = self._parts(vector), list(self._moved.values())

        def squared(batch: Batch) -> Weighted:
            column = self._loss(batch)
            if not column.weight:
                return 0.0, []
            change = self._change(column.values, moved, parts)
            share = 1.0 if column.weights is None else column.weights
            weights = share * change / column.weight
            found = torch.autograd.grad(column.values, moved, weights, materialize_grads=True)
            return column.weight, found

        return self._mean(squared)


MATRICES: dict[str, type[CurvatureOperator]] = {
    "hessian": HessianOperator,
    "gauss-newton": GaussNewtonOperator,
    "fisher": FisherOperator,
    "empirical-fisher": EmpiricalFisherOperator,
}
"""The curvature matrices by name."""
