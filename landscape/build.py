"""Build a :class:`Problem` from names, as on the command line."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from landscape.checkpoint import Checkpoint, read_checkpoint
from landscape.data import Examples, Split, Stream, load_data
from landscape.data.sources import is_own
from landscape.errors import InputError, argument
from landscape.metrics import LOSSES, PerExample, usual_loss
from landscape.models.named import asked_for, build_network, is_own_network
from landscape.models.pretrained import is_published_name, pretrained_network
from landscape.plugin import load_function
from landscape.problem import Choice, Problem
from landscape.surface import Attribute

_WITH_A_PROBLEM = ("weights", "key", "device")
"""Options that a user's own problem does not make superfluous."""


def build_problem(
    model: str | None = None,
    *,
    weights: str | Path | None = None,
    key: str | None = None,
    shortcuts: str | None = None,
    width: int | None = None,
    settings: Mapping[str, Any] | None = None,
    data: str = "digits",
    preprocess: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    loss: str | None = None,
    metrics: Sequence[str] = (),
    parameters: str | None = None,
    device: str = "auto",
) -> Problem:
    """Build the problem that these names describe.

    Parameters
    ----------
    model
        ``resnet56`` or another name of :func:`landscape.models.named.build_network`, or None to
        infer it from the checkpoint.
    weights
        A checkpoint of any form of :func:`landscape.checkpoint.read_checkpoint`, or a name of
        torchvision's weights, such as ``ResNet34_Weights.IMAGENET1K_V1``. Only a user's function
        may do without, if it returns a trained network.
    key
        Where the weights are in the checkpoint, such as ``ema``; None to look for them.
    shortcuts, width, settings
        See :func:`landscape.models.named.build_network`; ``settings`` contains further settings by
        name.
    data
        See :func:`landscape.data.load`.
    preprocess
        See :func:`landscape.data.load`. For a user's function with weights that were not trained by
        :mod:`landscape.training`, None is ``none``: what another program did to its inputs is not
        recorded anywhere.
    split
        ``train``, ``test`` or ``both``; see :func:`landscape.data.load_data`.
    limit
        The number of examples per split, always the same ones.
    loss
        A name of :data:`landscape.metrics.LOSSES` or ``package.module:function``; None is
        ``pixel_loss`` for data with masks, otherwise ``cross_entropy``.
    metrics
        Further metrics: names of :data:`landscape.metrics.METRICS`, ``topK``,
        ``package.module:function``, and names of :data:`landscape.metrics.WHOLE_NETWORK`.
    parameters
        The parameters that move, as in :class:`Problem`, or ``package.module:function``.

    Raises
    ------
    InputError
        For a name that cannot be used.

    Examples
    --------
    >>> from landscape import build_problem
    >>> from landscape.checkpoint import save_checkpoint
    >>> from landscape.models.named import build_network
    >>> network = build_network("resnet8", in_channels=1, classes=10)
    >>> save_checkpoint("net.pt", network.model, {"name": network.name, **network.settings})
    >>> problem = build_problem(weights="net.pt", data="digits", limit=32, device="cpu")
    >>> problem.attributes["model"], list(problem.splits)
    ('resnet8', ['train'])
    """
    own = model is not None and is_own_network(model)
    if weights is None and not own:
        raise InputError(
            f"no weights for {model or 'the network'}: give {argument('weights', 'CHECKPOINT')} "
            "(train one with python -m landscape.train), or "
            f"{argument('model', 'package.module:function')} for a network that comes with its own"
        )
    asked = asked_for(settings, shortcuts=shortcuts, width=width)
    published = weights is not None and is_published_name(weights)
    checkpoint = None if weights is None or published else read_checkpoint(weights, key)
    if published:
        network = pretrained_network(model, str(weights), **asked)
        origin = {"checkpoint": str(weights)}
    else:
        network = build_network(model, checkpoint, **asked)
        origin = {} if checkpoint is None else _origin(checkpoint, key)
    trained_here = checkpoint is not None and "name" in checkpoint.settings
    if own and preprocess is None and not trained_here and not is_own(data):
        preprocess = "none"
    facts: dict[str, Attribute] = {"model": network.name, **origin}
    facts.update({key: value for key, value in network.settings.items() if key != "depth"})
    splits = load_data(data, split, preprocess=preprocess, limit=limit)
    return Problem(
        network.model,
        splits,
        loss=_loss(_usual_loss(next(iter(splits.values()))) if loss is None else loss),
        metrics=[load_function(m, "metrics") if ":" in m else m for m in metrics],
        parameters=_parameters(parameters),
        device=device,
        attributes=facts,
    )


def own_problem(
    name: str,
    *,
    weights: str | Path | None = None,
    key: str | None = None,
    device: str = "auto",
) -> Problem:
    """The problem that a user's function returns.

    Parameters
    ----------
    name
        ``package.module:function``, called without arguments.
    weights, key
        A checkpoint whose weights take the place of those of the problem's network, and where they
        are in it; see :func:`landscape.checkpoint.read_checkpoint`.
    device
        Where the problem is moved; ``auto`` leaves it where the function made it.

    Raises
    ------
    InputError
        If the function does not return a :class:`Problem`, or the checkpoint is of another network.
    """
    problem = load_function(name, "problem")()
    if not isinstance(problem, Problem):
        raise InputError(
            f"{argument('problem', name)} returned a {type(problem).__name__}: expected a "
            "landscape.Problem"
        )
    facts: dict[str, Attribute] = {"problem": name}
    if device != "auto":
        problem = problem.to(device)
    if weights is not None:
        checkpoint = read_checkpoint(weights, key)
        where = f"checkpoint {checkpoint.path} does not fit the network of {name}"
        problem = problem.with_state(checkpoint.state, where)
        facts.update(_origin(checkpoint, key))
    problem = copy.copy(problem)
    problem.attributes = {**problem.attributes, **facts}
    return problem


def requested_problem(problem: str | None = None, **options: Any) -> Problem:
    """The problem that the options of a command line describe: :func:`own_problem` if ``problem``
    is given, otherwise :func:`build_problem`.

    Raises
    ------
    InputError
        If another option is given that the user's function decides.
    """
    if problem is None:
        return build_problem(options.pop("model", None), **options)
    for key, value in options.items():
        if key not in _WITH_A_PROBLEM:
            raise InputError(
                f"{argument(key, value)} with {argument('problem', problem)}, which makes network, "
                "data and loss itself: set it in the function"
            )
    return own_problem(problem, **options)


def _origin(checkpoint: Checkpoint, key: str | None) -> dict[str, str]:
    origin = {"checkpoint": str(checkpoint.path), "checkpoint_sha256": checkpoint.sha256}
    return origin if key is None else {**origin, "checkpoint_key": key}


def _usual_loss(data: Split) -> str | None:
    """The loss that fits the data; None for the network's own."""
    if isinstance(data, Examples):
        return usual_loss(data.masks)
    return usual_loss(False) if isinstance(data, Stream) else None


def _loss(name: str | None) -> str | PerExample | None:
    if name is None or name in LOSSES or ":" not in name:
        return name
    return load_function(name, "loss")


def _parameters(choice: str | None) -> Choice | None:
    named = choice is not None and ":" in choice
    return load_function(str(choice), "parameters") if named else choice
