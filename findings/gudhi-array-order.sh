#!/bin/sh
# gudhi 3.13.0 numbers the points of an array with the first axis running fastest.
#
# `CubicalComplex.cofaces_of_persistence_pairs` returns "indices in the input list of top-dimensional
# cells". For an array of numpy, whose flat indices run fastest along the last axis, they are those
# of `array.ravel(order="F")`: below, a ring of 4×5 points closes at 2.1 around a hill of 9, and
# array.ravel() has 9 and 1.5 at the two indices. Also, `bottleneck_distance` of a diagram with
# itself is not 0 unless e=0.0 is passed.
#
# Output seen:
#   ring (2.1, 9.0), points by ravel(): [9.0, 1.5], by ravel(order="F"): [2.1, 9.0]
#   distance of a diagram from itself: above 0 True, with e=0.0: 0.0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet gudhi==3.13.0 numpy==2.4.6
"$folder/env/bin/python" - <<'END'
import sys

import gudhi
import numpy as np

losses = np.array(
    [
        [1.0, 1.1, 1.2, 1.3, 1.4],
        [1.5, 9.0, 1.6, 1.7, 1.8],
        [2.0, 2.1, 2.2, 2.3, 2.4],
        [5.0, 6.0, 7.0, 8.0, 4.0],
    ]
)
complex_ = gudhi.CubicalComplex(top_dimensional_cells=losses)
complex_.compute_persistence()
((birth, death),) = complex_.persistence_intervals_in_dimension(1)
(pair,) = complex_.cofaces_of_persistence_pairs()[0][1]
by_row, by_column = losses.ravel()[pair].tolist(), losses.ravel(order="F")[pair].tolist()
print(
    f"ring {float(birth), float(death)}, points by ravel(): {by_row}, "
    f'by ravel(order="F"): {by_column}'
)
diagram = np.array([[1.0, 2.0], [1.0, 5.0]])
distance = gudhi.bottleneck_distance(diagram, diagram)
exact = gudhi.bottleneck_distance(diagram, diagram, 0.0)
print(f"distance of a diagram from itself: above 0 {distance > 0}, with e=0.0: {exact}")
known = by_row == [9.0, 1.5] and by_column == [2.1, 9.0] and distance > 0 and exact == 0
sys.exit(not known)
END
