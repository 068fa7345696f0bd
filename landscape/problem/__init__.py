"""A problem to measure: a network, examples, and an objective that evaluates one on the other."""

from landscape.problem.objective import Network, Objective, OutputObjective, per_example
from landscape.problem.parameters import Choice
from landscape.problem.problem import Problem

__all__ = ["Choice", "Network", "Objective", "OutputObjective", "Problem", "per_example"]
