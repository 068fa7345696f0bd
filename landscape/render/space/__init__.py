"""Surfaces in space: their shape, the camera and what it sees."""
