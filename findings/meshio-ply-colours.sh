#!/bin/sh
# meshio 5.3.5 reads unsigned bytes of a binary PLY file as signed ones: a colour of 200 becomes −56.
#
# `uchar` of PLY is an unsigned byte, the type of colours in nearly every PLY file. From the same
# vertices in ASCII meshio reads uint8 and 200; trimesh 5.2.0 reads 200 from both.
#
# Output seen:
#   ascii   uint8 [200, 100, 0]
#   binary  int8 [-56, 100, 0]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet meshio==5.3.5 trimesh==5.2.0 numpy==2.4.6
env/bin/python - <<'END'
import struct
import sys

import meshio
import trimesh

HEAD = """ply
format {} 1.0
element vertex 3
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
element face 1
property list uchar int vertex_indices
end_header
"""
CORNERS = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]
COLOUR = (200, 100, 0)

with open("ascii.ply", "w") as file:
    file.write(HEAD.format("ascii"))
    for corner in CORNERS:
        file.write(" ".join(map(str, (*corner, *COLOUR))) + "\n")
    file.write("3 0 1 2\n")
with open("binary.ply", "wb") as file:
    file.write(HEAD.format("binary_little_endian").encode())
    for corner in CORNERS:
        file.write(struct.pack("<3f3B", *corner, *COLOUR))
    file.write(struct.pack("<B3i", 3, 0, 1, 2))

seen = {}
for name in ("ascii", "binary"):
    data = meshio.read(f"{name}.ply").point_data
    colour = [int(data[channel][0]) for channel in ("red", "green", "blue")]
    seen[name] = f"{data['red'].dtype} {colour}"
    print(f"{name:7s} {seen[name]}")
    other = trimesh.load(f"{name}.ply", process=False)
    assert tuple(other.visual.vertex_colors[0][:3]) == COLOUR
sys.exit(seen != {"ascii": "uint8 [200, 100, 0]", "binary": "int8 [-56, 100, 0]"})
END
