"""Points on the arms of a spiral."""

from __future__ import annotations

import numpy as np

__all__ = ["spiral"]

_TURNS = 0.75  # how far an arm winds around the middle
_INNER = 0.1  # radius where the arms begin; they end at 1


def spiral(
    points_per_arm: int, arms: int = 3, *, noise: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Points in the plane on wound arms, a class for each arm: no straight line tells them apart.

    points_per_arm: how many points each arm has, from the middle outwards.
    arms:  how many classes.
    noise: standard deviation of the angle, in radians.
    seed:  another seed, another sample of the same arms.

    Returns X of shape (arms * points_per_arm, 2), coordinates between -1 and 1, and y of shape
    (arms * points_per_arm,), the number of each point's arm, from 0.

    >>> X, y = spiral(2)
    >>> X.shape, y
    ((6, 2), array([0, 0, 1, 1, 2, 2]))
    """
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(arms), points_per_arm)
    radius = np.tile(np.linspace(_INNER, 1.0, points_per_arm), arms)
    angle = 2 * np.pi * (y / arms + _TURNS * radius) + rng.normal(0.0, noise, y.size)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), y
