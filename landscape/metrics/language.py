"""Tokens: logits (n, tokens, vocabulary), as language models give them, and labels (n, tokens).

A token with the label −100 (padding, a prompt) does not count. The value of a sequence is the mean
over its own tokens, so that each sequence weighs the same, whatever its length; the mean over all
tokens of all sequences is another number where lengths differ.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from landscape.metrics.classes import accuracy
from landscape.metrics.metric import IGNORED, mean_over_positions


def token_loss(output: Tensor, target: Tensor) -> Tensor:
    """−log softmax(output)[target] in nats; the logits at a position are about its own label.

    For masked language models, and for labels that have been moved to the token before.
    """
    values = F.cross_entropy(
        output.flatten(0, 1), target.flatten(), reduction="none", ignore_index=IGNORED
    )
    return mean_over_positions(values.view(target.shape), target)


def token_accuracy(output: Tensor, target: Tensor) -> Tensor:
    """The share of the tokens of each sequence whose own label has the largest logit."""
    return accuracy(output.transpose(1, 2), target)


def next_token_loss(output: Tensor, target: Tensor) -> Tensor:
    """:func:`token_loss` where the logits at a position are about the label of the next one.

    As the causal language models of Hugging Face take their ``labels``, which are the input's own
    tokens. With equal lengths the mean over sequences is their ``loss``.
    """
    return token_loss(output[:, :-1], target[:, 1:])


def next_token_accuracy(output: Tensor, target: Tensor) -> Tensor:
    """:func:`token_accuracy`, about the label of the next position."""
    return token_accuracy(output[:, :-1], target[:, 1:])
