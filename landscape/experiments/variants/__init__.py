"""Kinds of skip connections (add, gate, concatenate, long skip), each compared with none."""

from __future__ import annotations
