#!/bin/sh
# plotly 7.1.0 drops the mask of a NumPy masked array and writes the values behind it.
#
# In a masked array the values under the mask are to be ignored; matplotlib leaves such cells
# blank. Here a cell of 1e6 is masked. `to_json`, and so the page, holds the 1e6, which is drawn
# and stretches the colours; no warning is given. The same cell as NaN (`filled(nan)`) is a gap.
#
# Output seen:
#   surface  [1.0, 1000000.0, 3.0, 4.0]
#   heatmap  [1.0, 1000000.0, 3.0, 4.0]
#   filled   [1.0, nan, 3.0, 4.0]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet plotly==7.1.0 numpy==2.4.6
"$folder/env/bin/python" -W error - <<'END'
import base64
import json
import sys

import numpy as np
import plotly.graph_objects as go

masked = np.ma.array([[1.0, 1e6], [3.0, 4.0]], mask=[[False, True], [False, False]])
assert masked.max() == 4
traces = {
    "surface": go.Surface(z=masked),
    "heatmap": go.Heatmap(z=masked),
    "filled": go.Surface(z=masked.filled(np.nan)),
}
seen = {}
for name, trace in traces.items():
    z = json.loads(go.Figure(trace).to_json())["data"][0]["z"]
    seen[name] = str(np.frombuffer(base64.b64decode(z["bdata"]), z["dtype"]).tolist())
    print(f"{name:8s} {seen[name]}")
drawn = "[1.0, 1000000.0, 3.0, 4.0]"
sys.exit(seen != {"surface": drawn, "heatmap": drawn, "filled": "[1.0, nan, 3.0, 4.0]"})
END
