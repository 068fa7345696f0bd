"""Surfaces that turn, follow one another, or rise: ``.gif`` and ``.mp4``."""
