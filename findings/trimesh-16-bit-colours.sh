#!/bin/sh
# trimesh 5.2.0 reads 16-bit vertex colours of a GLB file modulo 256.
#
# COLOR_0 of glTF 2.0 may be normalized unsigned shorts, where 65535 stands for 1. trimesh casts
# them to 8 bits without dividing: of (65535, 32768, 300, 65535), which is (1, 0.5, 0.0046, 1), the
# low bytes are left. 8-bit and float colours of the same triangle are read correctly, and so are
# the 16-bit ones by three.js 0.187 and VTK 9.7.2.
#
# Output seen:
#   8 bits   [255, 128, 1, 255]
#   16 bits  [255, 0, 44, 255]
#   floats   [255, 128, 1, 255]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet trimesh==5.2.0 numpy==2.4.6
"$folder/env/bin/python" - <<'END'
import io
import json
import struct
import sys

import numpy as np
import trimesh

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4")


def glb(colours, kind):
    blocks = [CORNERS.tobytes(), np.arange(3, dtype="<u4").tobytes(), colours.tobytes()]
    views, data = [], b""
    for block in blocks:
        views.append({"buffer": 0, "byteOffset": len(data), "byteLength": len(block)})
        data += block + bytes(-len(block) % 4)
    one = {"attributes": {"POSITION": 0, "COLOR_0": 2}, "indices": 1}
    colour = {"bufferView": 2, "componentType": kind, "count": 3, "type": "VEC4"}
    if kind != 5126:
        colour["normalized"] = True
    text = json.dumps(
        {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": [one]}],
            "buffers": [{"byteLength": len(data)}],
            "bufferViews": views,
            "accessors": [
                {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3",
                 "min": [0, 0, 0], "max": [1, 1, 0]},
                {"bufferView": 1, "componentType": 5125, "count": 3, "type": "SCALAR"},
                colour,
            ],
        }
    ).encode()
    text += b" " * (-len(text) % 4)
    size = 12 + 8 + len(text) + 8 + len(data)
    head = struct.pack("<4sII", b"glTF", 2, size)
    return b"".join(
        (head, struct.pack("<II", len(text), 0x4E4F534A), text,
         struct.pack("<II", len(data), 0x004E4942), data)
    )


def read(colours, kind):
    scene = trimesh.load(io.BytesIO(glb(np.array([colours] * 3, kind[0]), kind[1])), file_type="glb")
    (mesh,) = scene.geometry.values()
    return mesh.visual.vertex_colors[0].tolist()


seen = {
    "8 bits": read([255, 128, 1, 255], ("<u1", 5121)),
    "16 bits": read([65535, 32768, 300, 65535], ("<u2", 5123)),
    "floats": read([1, 0.5, 300 / 65535, 1], ("<f4", 5126)),
}
for name, colour in seen.items():
    print(f"{name:8s} {colour}")
right = [255, 128, 1, 255]
sys.exit(seen != {"8 bits": right, "16 bits": [255, 0, 44, 255], "floats": right})
END
