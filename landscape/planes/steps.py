"""The step of training that the name of a checkpoint tells."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

_UNITS = {
    "epoch": r"epochs?|ep",
    "step": r"(?:global_?)?steps?|iterations?|iters?|it",
    "checkpoint": r"checkpoint|ckpt",
}
_DECIMAL = re.compile(r"\d+\.\d+|\d+e-?\d+")  # a loss, a learning rate
_NOT_OF_TIME = re.compile(
    r"(?<![a-z])(?!(?:epochs?|ep|steps?|iter|it)\b)[a-z_]*[a-z]=-?\d+"  # val_acc=93
    r"|(?<![a-z])(?:seed|fold|rank|version|v|top|acc|loss|score|lr|bs|split|rev)[_-]?\d+"
)
Step = tuple[int, ...]


def steps_of(names: Sequence[str]) -> dict[str, Step]:
    """The step of each name that tells one; equal steps are left to the caller.

    Numbers after a word of time count first (``epoch``, then ``step``, then ``checkpoint``). Names
    without such a word tell it by the only number that differs between them. Losses, seeds and
    versions are no steps.

    Parameters
    ----------
    names
        Names of files without their suffixes.

    Returns
    -------
    dict
        One number per name; epoch and step where neither alone tells names apart. Empty if the
        names do not tell.

    Examples
    --------
    >>> steps_of(["epoch=9-val_loss=0.33", "epoch=14-val_loss=0.21"])
    {'epoch=9-val_loss=0.33': (9,), 'epoch=14-val_loss=0.21': (14,)}
    >>> steps_of(["step=100-v1", "step=200"])
    {'step=100-v1': (100,), 'step=200': (200,)}
    >>> steps_of(["epoch1_seed0", "epoch2_seed0"])
    {'epoch1_seed0': (1,), 'epoch2_seed0': (2,)}
    >>> steps_of(["resnet20_1", "resnet20_2"]), steps_of(["seed0", "seed1"])
    ({'resnet20_1': (1,), 'resnet20_2': (2,)}, {})
    """
    said = {unit: _said(names, words) for unit, words in _UNITS.items()}
    epochs, steps = said["epoch"], said["step"]
    both = {name: epochs[name] + steps[name] for name in epochs if name in steps}
    clear = [one for one in (*said.values(), both) if len(set(one.values())) == len(one) > 0]
    best = max(clear, key=len, default={})
    if len(best) > 1 or len(best) == len(names):
        return best
    repeated = [one for one in (epochs, steps) if len(set(one.values())) > 1]
    return repeated[0] if repeated else _differing(names)


def _said(names: Sequence[str], words: str) -> dict[str, Step]:
    """The number after one of the words in each name that has one."""
    exact = re.compile(rf"(?<![a-z_])(?:{words})=(\d+)")  # before val_loss_epoch=2
    loose = re.compile(rf"(?<![a-z])(?:{words})[=_\-. ]*(\d+)")
    texts = {name: _DECIMAL.sub("", name.lower()) for name in names}
    found = {name: exact.findall(t) or loose.findall(t) for name, t in texts.items()}
    return {name: (int(numbers[0]),) for name, numbers in found.items() if numbers}


def _differing(names: Sequence[str]) -> dict[str, Step]:
    """The only number that differs between names that are alike otherwise."""
    alike: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for name in names:
        rest = _NOT_OF_TIME.sub("", _DECIMAL.sub("", name.lower()))
        numbers = [int(digits) for digits in re.findall(r"\d+", rest)]
        alike[re.sub(r"\d+", "#", rest)][name] = numbers
    groups = [group for group in alike.values() if len(group) > 1]
    if len(groups) != 1:
        return {}
    (group,) = groups
    columns = list(zip(*group.values(), strict=True))
    varying = [k for k, column in enumerate(columns) if len(set(column)) > 1]
    if len(varying) != 1:
        return {}
    return {name: (numbers[varying[0]],) for name, numbers in group.items()}
