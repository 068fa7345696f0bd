"""Figures by matplotlib: one style per file."""
