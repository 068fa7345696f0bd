#!/bin/sh
# jsfive 0.4.2 does not return the fill value of an HDF5 dataset where nothing has been written.
#
# HDF5 defines elements that were never written as the dataset's fill value: NaN here, as a program
# would choose for points that are still to come. jsfive returns holes (JavaScript's `undefined`)
# for a contiguous dataset and for the missing chunk of a chunked one, and an array of length 0
# where no chunk has been written at all, although `shape` says 4. h5py 3.16.0, which wrote the
# file, and h5wasm 0.10.3 read NaN.
#
# Output seen:
#   contiguous {"shape":[3],"length":3,"own":0}
#   half       {"shape":[4],"length":4,"own":2}
#   nothing    {"shape":[4],"length":0,"own":0}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet h5py==3.16.0 numpy==2.4.6
npm install --silent --no-fund --no-audit jsfive@0.4.2
env/bin/python - <<'END'
import h5py
import numpy as np

with h5py.File("fill.h5", "w") as file:
    file.create_dataset("contiguous", shape=(3,), dtype="<f8", fillvalue=np.nan)
    half = file.create_dataset("half", shape=(4,), chunks=(2,), dtype="<f8", fillvalue=np.nan)
    half[:2] = [1, 2]
    file.create_dataset("nothing", shape=(4,), chunks=(2,), dtype="<f8", fillvalue=np.nan)
with h5py.File("fill.h5") as file:
    assert np.isnan(file["contiguous"][:]).tolist() == [True] * 3
    assert np.isnan(file["half"][:]).tolist() == [False, False, True, True]
    assert np.isnan(file["nothing"][:]).tolist() == [True] * 4
END
cat > read.mjs <<'END'
import { readFileSync } from "fs";
import * as hdf5 from "jsfive";

const bytes = readFileSync("fill.h5");
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
const file = new hdf5.File(buffer, "fill.h5");
for (const name of ["contiguous", "half", "nothing"]) {
  const { shape, value } = file.get(name);
  const seen = { shape, length: value.length, own: Object.keys(value).length };
  console.log(name.padEnd(10), JSON.stringify(seen));
}
END
node read.mjs | tee seen.txt
cat > expected.txt <<'END'
contiguous {"shape":[3],"length":3,"own":0}
half       {"shape":[4],"length":4,"own":2}
nothing    {"shape":[4],"length":0,"own":0}
END
cmp seen.txt expected.txt
