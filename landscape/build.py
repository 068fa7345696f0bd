"""Build a :class:`Problem` from names, as on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from landscape.checkpoint import read_checkpoint
from landscape.data import Examples, load
from landscape.errors import InputError, argument, unknown_choice
from landscape.metrics import LOSSES, PerExample, usual_loss
from landscape.models.named import Network, asked_for, build_network
from landscape.models.pretrained import is_published_name, pretrained_network
from landscape.models.torchvision_models import PREFIX
from landscape.plugin import load_function
from landscape.problem import Choice, Problem
from landscape.surface import Attribute

SPLITS = {"train": ("train",), "test": ("test",), "both": ("train", "test")}


def build_problem(
    model: str | None = None,
    *,
    weights: str | Path | None = None,
    shortcuts: str | None = None,
    width: int | None = None,
    settings: Mapping[str, Any] | None = None,
    data: str = "digits",
    preprocess: str | None = None,
    split: str = "train",
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
        A checkpoint, or a name of torchvision's weights, such as
        ``ResNet34_Weights.IMAGENET1K_V1``. Only a user's function may do without, if it returns a
        trained network.
    shortcuts, width, settings
        See :func:`landscape.models.named.build_network`; ``settings`` contains further settings by
        name.
    data, preprocess
        See :func:`landscape.data.load`.
    split
        ``train``, ``test`` or ``both``.
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
    own = model is not None and ":" in model and not model.startswith(PREFIX)
    if weights is None and not own:
        raise InputError(
            f"no weights for {model or 'the network'}: give {argument('weights', 'CHECKPOINT')} "
            "(train one with python -m landscape.train), or "
            f"{argument('model', 'package.module:function')} for a network that comes with its own"
        )
    asked = asked_for(settings, shortcuts=shortcuts, width=width)
    network, origin = _network(model, weights, asked)
    facts: dict[str, Attribute] = {"model": network.name, **origin}
    facts.update({key: value for key, value in network.settings.items() if key != "depth"})
    splits = load_splits(data, split, preprocess=preprocess, limit=limit)
    return Problem(
        network.model,
        splits,
        loss=_loss(loss or usual_loss(next(iter(splits.values())).masks)),
        metrics=[load_function(m, "metrics") if ":" in m else m for m in metrics],
        parameters=_parameters(parameters),
        device=device,
        attributes=facts,
    )


def _network(
    model: str | None, weights: str | Path | None, asked: dict[str, Any]
) -> tuple[Network, dict[str, str]]:
    """The network, and the origin of its weights."""
    if weights is None:
        return build_network(model, **asked), {}
    if is_published_name(weights):
        return pretrained_network(model, str(weights), **asked), {"checkpoint": str(weights)}
    checkpoint = read_checkpoint(weights)
    origin = {"checkpoint": str(checkpoint.path), "checkpoint_sha256": checkpoint.sha256}
    return build_network(model, checkpoint, **asked), origin


def load_splits(source: str, split: str = "train", **options: Any) -> dict[str, Examples]:
    """The examples of ``train``, ``test`` or ``both`` splits of a source, by split name."""
    if split not in SPLITS:
        raise unknown_choice("split", split, SPLITS)
    return {name: load(source, name, **options) for name in SPLITS[split]}


def _loss(name: str) -> str | PerExample:
    return load_function(name, "loss") if name not in LOSSES and ":" in name else name


def _parameters(choice: str | None) -> Choice | None:
    named = choice is not None and ":" in choice
    return load_function(str(choice), "parameters") if named else choice
