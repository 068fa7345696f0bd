"""What is to be measured: a network, examples, and an objective that brings the two together."""

from landscape.problem.objective import Network, Objective, OutputObjective, per_example
from landscape.problem.problem import Problem

__all__ = ["Network", "Objective", "OutputObjective", "Problem", "per_example"]
