"""A problem to measure: a network, data, and an objective that evaluates one on the other."""

from landscape.problem.column import Column
from landscape.problem.objective import (
    Network,
    Objective,
    OutputObjective,
    gathered,
    per_example,
)
from landscape.problem.own_objective import OwnObjective
from landscape.problem.parameters import Choice
from landscape.problem.problem import Problem

__all__ = [
    "Choice",
    "Column",
    "Network",
    "Objective",
    "OutputObjective",
    "OwnObjective",
    "Problem",
    "gathered",
    "per_example",
]
