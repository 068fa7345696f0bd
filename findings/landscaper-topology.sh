#!/bin/sh
# landscaper 1.3.1 reports basins and depths that a surface does not have, and stops at plateaus.
#
# All on 5×5 grids, where a hand calculation is short:
# - A bowl has one minimum and no saddle between minima, but its SMAD (saddle-minimum average
#   distance) is 0.998: it is read from the contour tree, in which the minimum also ends where the
#   four hills in the corners part.
# - A valley along the diagonal, whose loss rises from one corner to the other, has five minima: two
#   points of a grid are neighbours only if they share an edge of a cell.
# - The minimum 3 below is reached from a lower one over the points 6, 16, 5, 9, 1, so its depth is
#   16 − 3 = 13. The merge tree has this saddle; get_persistence (and so the barcode) says 16.
# - Two equal highest losses, such as a rim of one value, stop get_sublevel_tree with a KeyError.
# - The losses of the tree are in single precision: 2.1234375 is 2.1234374.
#
# Output seen:
#   bowl: minima 1, SMAD 0.998
#   diagonal valley: minima 5
#   minimum 3: saddle 16, persistence 16
#   equal rim: KeyError
#   loss of the root: 2.1234374
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet landscaper==1.3.1 torch==2.13.0 numpy==1.26.4
"$folder/env/bin/python" - 2> "$folder/log" <<'END'
import sys

import numpy as np
from landscaper import LossLandscape

axis = np.linspace(-1, 1, 5)
rising = np.arange(25.0).reshape(5, 5) / 1024


def surface(losses):
    return LossLandscape(np.array(losses, dtype=float), [axis, axis])


def minima(tree):
    return sorted(tree.leaves)


bowl = surface(axis**2 + axis[:, None] ** 2 + rising)
found, smad = len(minima(bowl.get_sublevel_tree())), bowl.smad()
print(f"bowl: minima {found}, SMAD {smad:.3f}")
wrong = [found == 1 and round(smad, 3) == 0.998]

x = np.arange(5)
valley = surface(8 * abs(x - x[:, None]) + rising)
found = len(minima(valley.get_sublevel_tree()))
print(f"diagonal valley: minima {found}")
wrong.append(found == 5)

losses = [
    [25, 7, 19, 3, 13],
    [9, 5, 16, 6, 17],
    [1, 24, 4, 22, 8],
    [2, 18, 11, 15, 20],
    [21, 14, 10, 12, 23],
]
numbers = surface(losses)
tree = numbers.get_sublevel_tree()
(saddle,) = [high for low, high in tree.edges if low == 3]
level, persistence = numbers.loss.flat[saddle], numbers.get_persistence()[3]
print(f"minimum 3: saddle {level:g}, persistence {persistence:g}")
wrong.append((level, persistence) == (16, 16))

rim = np.full((5, 5), 9.0)
rim[1:4, 1:4] = [[1, 5, 3], [6, 8, 7], [2, 7.5, 4]]
try:
    surface(rim).get_sublevel_tree()
    stopped = "no error"
except Exception as error:
    stopped = type(error).__name__
print(f"equal rim: {stopped}")
wrong.append(stopped == "KeyError")

tree = surface(axis**2 + axis[:, None] ** 2 + rising + 0.1).get_sublevel_tree()
root = tree.nodes[24]
print(f"loss of the root: {root:.7f}")
wrong.append(f"{root:.7f}" == "2.1234374")
sys.exit(not all(wrong))
END
