"""Metrics of tokens: logits (n, tokens, vocabulary) of language models, and labels (n, tokens).

Tokens labelled −100 (padding, a prompt) are ignored. The value of a sequence is the mean over its
tokens, so all sequences have equal weight; the mean over all tokens of all sequences is different
if lengths differ.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from landscape.metrics.classes import accuracy
from landscape.metrics.metric import IGNORED, mean_over_positions


def token_loss(output: Tensor, target: Tensor) -> Tensor:
    """−log softmax(output)[target] in nats; the logits at a position predict its own label.

    For masked language models, and for labels already shifted by one token.
    """
    values = F.cross_entropy(
        output.flatten(0, 1), target.flatten().long(), reduction="none", ignore_index=IGNORED
    )
    return mean_over_positions(values.view(target.shape), target)


def token_accuracy(output: Tensor, target: Tensor) -> Tensor:
    """The fraction of tokens of each sequence whose own label has the largest logit."""
    return accuracy(output.transpose(1, 2), target)


def next_token_loss(output: Tensor, target: Tensor) -> Tensor:
    """:func:`token_loss` where the logits at a position predict the next label.

    As in Hugging Face's causal language models, whose ``labels`` are the input's own tokens. For
    equal lengths the mean over sequences is their ``loss``.
    """
    return token_loss(output[:, :-1], target[:, 1:])


def next_token_accuracy(output: Tensor, target: Tensor) -> Tensor:
    """:func:`token_accuracy` for the label of the next position."""
    return token_accuracy(output[:, :-1], target[:, 1:])
