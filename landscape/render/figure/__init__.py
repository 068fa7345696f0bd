"""Figures for paper, by matplotlib: one style a file."""
