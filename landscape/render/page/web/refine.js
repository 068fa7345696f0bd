// The surface between the samples: bicubic Hermite with the slopes of Fritsch & Carlson 1980, held
// within the corners of each cell, so that nothing appears that was not sampled (interpolate.py).

const SCENE_CELLS = 150;
const FLAT_CELLS = 240;

// The finer grid of a drawn panel {x, y, rows}, null for holes; computed once for each fineness.
function fineOf(drawn, cells = SCENE_CELLS) {
  drawn.fine = drawn.fine || {};
  drawn.fine[cells] = drawn.fine[cells] || refined(drawn.panel.x, drawn.panel.y, drawn.rows, cells);
  return drawn.fine[cells];
}

function refined(x, y, rows, cells) {
  const parts = [x, y].map((axis) => Math.max(1, Math.floor(cells / (axis.length - 1))));
  if (parts[0] === 1 && parts[1] === 1) return { x, y, rows, parts };
  const [fineX, fineY] = [divided(x, parts[0]), divided(y, parts[1])];
  const across = (grid) => grid.map((row) => slopes(x, row));
  const along = (grid) => turned(turned(grid).map((column) => slopes(y, column)));
  const [slopeX, slopeY] = [across(rows), along(rows)];
  const [one, other] = [across(slopeY), along(slopeX)];
  const twist = one.map((row, j) => row.map((v, i) => 0.5 * (v + other[j][i])));
  const values = turned(rows.map((row, j) => hermite(x, row, slopeX[j], fineX)));
  const rises = turned(slopeY.map((row, j) => hermite(x, row, twist[j], fineX)));
  const columns = values.map((column, i) => hermite(y, column, rises[i], fineY));
  return { x: fineX, y: fineY, rows: heldInCells(turned(columns), rows, parts), parts };
}

function turned(grid) {
  return grid[0].map((_, i) => grid.map((row) => row[i]));
}

function divided(axis, parts) {
  const inner = axis.slice(0, -1).flatMap((a, k) =>
    Array.from({ length: parts }, (_, n) => a + (axis[k + 1] - a) * (n / parts)));
  return [...inner, axis[axis.length - 1]];
}

// The slopes at the points of a row, for each run without a hole by itself; null in holes.
function slopes(axis, row) {
  const found = row.map((v) => (v === null ? null : 0));
  for (let start = 0, end; start < row.length; start = end + 1) {
    end = start;
    while (end < row.length && row[end] !== null) end += 1;
    if (end - start > 1) runSlopes(axis, row, start, end, found);
  }
  return found;
}

function runSlopes(axis, row, start, end, found) {
  const wide = [], rise = [];
  for (let k = start; k + 1 < end; k += 1) {
    wide.push(axis[k + 1] - axis[k]);
    rise.push((row[k + 1] - row[k]) / (axis[k + 1] - axis[k]));
  }
  const n = rise.length;
  for (let k = 1; k < n; k += 1) {
    const [m, p, h, g] = [rise[k - 1], rise[k], wide[k - 1], wide[k]];
    found[start + k] = m * p > 0 ? 3 * (h + g) / ((2 * g + h) / m + (g + 2 * h) / p) : 0;
  }
  found[start] = n === 1 ? rise[0] : endSlope(wide[0], wide[1], rise[0], rise[1]);
  found[end - 1] = n === 1 ? rise[0] : endSlope(wide[n - 1], wide[n - 2], rise[n - 1], rise[n - 2]);
}

function endSlope(h, g, m, p) {
  const slope = ((2 * h + g) * m - h * p) / (h + g);
  if (Math.sign(slope) !== Math.sign(m)) return 0;
  return Math.sign(m) !== Math.sign(p) && Math.abs(slope) > 3 * Math.abs(m) ? 3 * m : slope;
}

// The cubic through values and slopes at finer places; a hole counts as 0, as no cell keeps it.
function hermite(axis, values, slope, fine) {
  let k = 0;
  return fine.map((place) => {
    while (k + 2 < axis.length && place >= axis[k + 1]) k += 1;
    const h = axis[k + 1] - axis[k], t = (place - axis[k]) / h, s = 1 - t;
    return s * s * (1 + 2 * t) * values[k] + t * t * (1 + 2 * s) * values[k + 1]
      + h * t * s * (s * slope[k] - t * slope[k + 1]);
  });
}

function heldInCells(surface, rows, [across, upward]) {
  const low = [], high = [];
  for (let j = 0; j + 1 < rows.length; j += 1) {
    low.push([]);
    high.push([]);
    for (let i = 0; i + 1 < rows[j].length; i += 1) {
      const corners = [rows[j][i], rows[j][i + 1], rows[j + 1][i], rows[j + 1][i + 1]];
      const hole = corners.includes(null);
      low[j].push(hole ? null : Math.min(...corners));
      high[j].push(hole ? null : Math.max(...corners));
    }
  }
  // A point on an edge belongs to the cells on both sides, and exists if either does.
  const cellsOf = (k, parts, last) => [Math.max(Math.floor((k - 1) / parts), 0), Math.min(Math.floor(k / parts), last)];
  return surface.map((row, j) => {
    const besides = cellsOf(j, upward, low.length - 1);
    return row.map((value, i) => {
      if (j % upward === 0 && i % across === 0) return rows[j / upward][i / across];
      for (const b of besides) {
        for (const a of cellsOf(i, across, low[0].length - 1)) {
          if (low[b][a] !== null) return Math.min(Math.max(value, low[b][a]), high[b][a]);
        }
      }
      return null;
    });
  });
}

// The height of the drawn surface at any place within the grid; null outside and over holes.
function heightAt(drawn, x, y) {
  return heightOn(fineOf(drawn), x, y);
}

function heightOn(fine, x, y) {
  const u = cellAt(fine.x, x), v = cellAt(fine.y, y);
  if (!u || !v) return null;
  const [a, s] = u, [c, t] = v, [low, high] = [fine.rows[c], fine.rows[c + 1]];
  if (low[a] === null || low[a + 1] === null || high[a] === null || high[a + 1] === null) return null;
  return (1 - t) * ((1 - s) * low[a] + s * low[a + 1]) + t * ((1 - s) * high[a] + s * high[a + 1]);
}

// The cell of an axis with a place in it, and how far into it; null outside.
function cellAt(axis, v) {
  const last = axis.length - 1;
  if (!(v >= axis[0] && v <= axis[last])) return null;
  let k = Math.min(Math.floor(last * (v - axis[0]) / (axis[last] - axis[0])), last - 1);
  while (k > 0 && v < axis[k]) k -= 1;
  while (k + 1 < last && v > axis[k + 1]) k += 1;
  return [k, (v - axis[k]) / (axis[k + 1] - axis[k])];
}
