"""What is trained at each size, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, replace

from landscape.experiments.trained import SMALL
from landscape.training import TrainingSettings

TRAININGS = ("shallow", "extended", "fresh")
"""The shallow network, the deep one from there on, and the deep one from a fresh start."""


@dataclass(frozen=True)
class Size:
    """Depths and settings.

    Attributes
    ----------
    depths
        Of the shallow network and of the deep one.
    settings
        Of the deep network from a fresh start.
    before
        Epochs of the shallow network; the extended one has those that are left.
    """

    depths: tuple[int, int]
    settings: TrainingSettings
    before: int

    def settings_of(self, training: str, seed: int) -> TrainingSettings:
        """Those of one of :data:`TRAININGS`.

        The extended network is trained at a tenth of the learning rate, as He et al. go on with
        once a network has learnt most of what it will: at the full one plain networks leave what
        was constructed.
        """
        settings = replace(self.settings, seed=seed)
        if training == "shallow":
            return replace(settings, epochs=self.before)
        if training == "extended":
            rest = settings.epochs - self.before
            return replace(settings, epochs=rest, lr=settings.lr / 10)
        return settings


SIZES = {
    "small": Size((20, 56), replace(SMALL, epochs=12), before=8),
    # Each training has the schedule of the paper in small: a tenth of the learning rate after half
    # and after three quarters. Unlike there the momentum is Nesterov's, and the images are neither
    # shifted nor flipped.
    "paper": Size(
        (20, 56),
        TrainingSettings(epochs=164, lr=0.1, batch_size=128, weight_decay=1e-4, schedule="step"),
        before=110,
    ),
}
