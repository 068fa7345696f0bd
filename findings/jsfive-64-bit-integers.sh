#!/bin/sh
# jsfive 0.4.2 rounds 64-bit integers of HDF5 files to double precision.
#
# Seeds, counts and hashes are often stored as 64-bit integers. jsfive turns them into JavaScript
# numbers, datasets and attributes alike, without a word: 2^53 + 1 becomes 2^53, and 2^63 + 1 becomes
# 2^63. A seed that is read so gives another stream of random numbers. h5py 3.16.0, which wrote the
# file, and h5wasm 0.10.3 (BigInt) read them exactly.
#
# Output seen:
#   dataset int64     jsfive 9007199254740992     h5wasm 9007199254740993
#   dataset uint64    jsfive 9223372036854775808  h5wasm 9223372036854775809
#   attribute uint64  jsfive 9223372036854775808  h5wasm 9223372036854775809
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet h5py==3.16.0 numpy==2.4.6
npm install --silent --no-fund --no-audit jsfive@0.4.2 h5wasm@0.10.3
env/bin/python - <<'END'
import h5py
import numpy as np

with h5py.File("integers.h5", "w") as file:
    file["int64"] = np.array([2**53 + 1], "<i8")
    file["uint64"] = np.array([2**63 + 1], "<u8")
    file["uint64"].attrs["seed"] = np.uint64(2**63 + 1)
with h5py.File("integers.h5") as file:
    assert file["int64"][0] == 2**53 + 1
    assert file["uint64"][0] == file["uint64"].attrs["seed"] == 2**63 + 1
END
cat > read.mjs <<'END'
import { readFileSync } from "fs";
import * as jsfive from "jsfive";
import h5wasm from "h5wasm/node";

const bytes = readFileSync("integers.h5");
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
await h5wasm.ready;
const one = new jsfive.File(buffer, "integers.h5");
const other = new h5wasm.File("integers.h5", "r");
const say = (what, a, b) =>
  console.log(what.padEnd(17), "jsfive", String(BigInt(a)).padEnd(20), "h5wasm", String(b));
for (const type of ["int64", "uint64"])
  say(`dataset ${type}`, one.get(type).value[0], other.get(type).value[0]);
say("attribute uint64", one.get("uint64").attrs.seed, other.get("uint64").attrs.seed.value);
END
node read.mjs | tee seen.txt
cat > expected.txt <<'END'
dataset int64     jsfive 9007199254740992     h5wasm 9007199254740993
dataset uint64    jsfive 9223372036854775808  h5wasm 9223372036854775809
attribute uint64  jsfive 9223372036854775808  h5wasm 9223372036854775809
END
cmp seen.txt expected.txt
