"""Ways to skip a layer: adding, gating, concatenating, a long way round, each beside none."""

from __future__ import annotations
