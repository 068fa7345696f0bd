"""Data sources: every one ends in :class:`Examples`, decoded once, small, in memory."""
