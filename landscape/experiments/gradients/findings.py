"""Summary of the norms: whether gradients vanish during backpropagation, and BN prevents it."""

from __future__ import annotations

import numpy as np

from landscape.experiments.results import Results
from landscape.experiments.words import learns
from landscape.grid import FloatArray

LARGE = 100.0
"""A gradient that shrinks by more than this factor in backpropagation vanishes; one that grows by
more explodes."""
BACK, FORTH = (
    "from the last convolution back to the first",
    "from the first convolution to the last",
)


def findings(results: Results) -> list[str]:
    """Sentences on the definitions, on every network, and on the effect of BN and shortcuts."""
    networks = [str(network) for network in results.coordinates["network"]]
    sentences = [_meaning(results)]
    for depth in (int(depth) for depth in results.coordinates["depth"]):
        for network in networks:
            sentences += [_initially(results, network, depth), _trained(results, network, depth)]
        sentences += [
            _prevents(results, depth, "BN", "without shortcuts", ("neither", "BN only")),
            _prevents(
                results, depth, "BN", "with shortcuts", ("shortcuts only", "BN and shortcuts")
            ),
            _prevents(results, depth, "the shortcut", "without BN", ("neither", "shortcuts only")),
        ]
    return sentences


def change_of(results: Results, name: str, network: str, depth: int, epoch: int) -> FloatArray:
    """Ratio of ``name`` at the first convolution to that at the last, by seed."""
    values = results.select(name, network=network, depth=depth, epoch=epoch)
    with np.errstate(all="ignore"):
        change: FloatArray = values[:, 0] / values[:, depth - 2]
    return change


def verdict(change: FloatArray) -> str:
    """``vanishes``, ``explodes`` or ``neither vanishes nor explodes``, if equal for all seeds."""
    if not np.isfinite(change).all():
        return "is unknown"
    if (change < 1 / LARGE).all():
        return "vanishes"
    if (change > LARGE).all():
        return "explodes"
    if ((change >= 1 / LARGE) & (change <= LARGE)).all():
        return "neither vanishes nor explodes"
    return "differs between seeds"


def _meaning(results: Results) -> str:
    facts = results.attributes
    return (
        f"The gradient of a layer is that of the mean cross-entropy of {facts['probed_examples']} "
        "training examples with respect to its output, in training mode. Here it vanishes if it "
        f"shrinks by a factor of more than {LARGE:g} from the last convolution back to the first, "
        "and explodes if it grows by more. All convolutions are initialized with He et al.'s "
        "normal distribution; without BN it is replaced by a trainable scale (initially 1) and "
        "offset (initially 0) per channel."
    )


def _initially(results: Results, network: str, depth: int) -> str:
    gradient = change_of(results, "gradient", network, depth, 0)
    weights = results.select("weight_gradient", network=network, depth=depth, epoch=0)
    first, last = np.median(weights[:, 0]), np.median(weights[:, depth - 2])
    with np.errstate(all="ignore"):
        activation = 1 / change_of(results, "activation", network, depth, 0)
    return (
        f"{network}, {depth} layers, at initialization: the gradient {_in_words(gradient)}. The "
        f"weight gradient is {first:.2g} nats at the first convolution and {last:.2g} at the last. "
        f"The activation {_factor(activation, FORTH)}."
    )


def _trained(results: Results, network: str, depth: int) -> str:
    epoch = int(float(results.coordinates["epoch"][-1]))
    errors = results.select("train_error", network=network, depth=depth)
    who = f"{network}, {depth} layers, after {epoch} epoch{'' if epoch == 1 else 's'}"
    lost = int(np.isnan(errors).sum())
    if lost:
        which = "the only seed" if errors.size == 1 else f"{lost} of {errors.size} seeds"
        return f"{who}: the training diverged with {which}."
    learnt = int(learns(errors, results).sum())
    little = "" if learnt == errors.size else f", {errors.size - learnt} of which learnt nothing"
    change = change_of(results, "gradient", network, depth, epoch)
    return (
        f"{who}: the gradient {_in_words(change)}. Training error {np.median(errors):.1%} "
        f"({_seeds(errors)}{little})."
    )


def _prevents(
    results: Results, depth: int, what: str, where: str, networks: tuple[str, str]
) -> str:
    """Whether ``what``, which only the second network has, prevents a vanishing gradient."""
    without, given = (
        verdict(change_of(results, "gradient", network, depth, 0)) for network in networks
    )
    numbers = " and ".join(
        f"{np.median(change_of(results, 'gradient', network, depth, 0)):.2g} {name}"
        for network, name in zip(networks, ("without it", "with it"), strict=True)
    )
    begin = f"At initialization, {where}, {depth} layers"
    end = f"(the gradient at the first convolution is {numbers}, as a multiple of that at the last)"
    unknown = {"is unknown", "differs between seeds"}
    if unknown & {without, given}:
        return f"{begin}: whether {what} prevents vanishing is unclear {end}."
    if without == "vanishes" and given == "vanishes":
        return f"{begin}: {what} does not prevent the gradient from vanishing {end}."
    if without == "vanishes" and given == "explodes":
        return f"{begin}: {what} prevents the gradient from vanishing, but it explodes {end}."
    if without == "vanishes":
        return f"{begin}: {what} prevents the gradient from vanishing, and it {given} {end}."
    if given == "vanishes":
        return f"{begin}: the gradient vanishes only with {what} {end}."
    return (
        f"{begin}: there is no vanishing to prevent; the gradient {without} without {what} and "
        f"{given} with it {end}."
    )


def _in_words(change: FloatArray) -> str:
    """Describe the change of the gradient in backpropagation."""
    return f"{_factor(change)}: it {verdict(change)}"


def _factor(change: FloatArray, way: str = BACK) -> str:
    """``shrinks by a factor of 1.4e+05 (8.1e+04 to 2.2e+05 over 3 seeds)`` and the direction."""
    if not np.isfinite(change).all():
        return "is not finite"
    middle = float(np.median(change))
    shrinks = middle < 1
    factors = 1 / change if shrinks else change
    word = "shrinks" if shrinks else "grows"
    spread = (
        f" ({factors.min():.2g} to {factors.max():.2g} over {_seeds(change)})"
        if change.size > 1
        else " (one seed)"
    )
    return f"{word} by a factor of {np.median(factors):.2g}{spread} {way}"


def _seeds(values: FloatArray) -> str:
    return "one seed" if values.size == 1 else f"{values.size} seeds"
