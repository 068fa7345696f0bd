// Lines of equal height on the finer grid: marching squares, linear within a cell, joined to runs.

// The runs [[x, y], …] at a level; a run that closes ends where it starts.
function isolinesOf({ x, y, rows }, level) {
  const nx = x.length, at = new Map(), links = new Map();
  const key = (i, j, up) => 2 * (j * nx + i) + up;
  // The crossing on the edge from point (i, j) to its right (up = 0) or upper (up = 1) neighbour.
  const crossing = (i, j, up) => {
    const id = key(i, j, up);
    if (!at.has(id)) {
      const a = rows[j][i], b = up ? rows[j + 1][i] : rows[j][i + 1], t = (level - a) / (b - a);
      at.set(id, up ? [x[i], y[j] + t * (y[j + 1] - y[j])] : [x[i] + t * (x[i + 1] - x[i]), y[j]]);
    }
    return id;
  };
  const join = (a, b) => {
    for (const [from, to] of [[a, b], [b, a]]) links.set(from, [...(links.get(from) || []), to]);
  };
  for (let j = 0; j + 1 < rows.length; j += 1) {
    const low = rows[j], high = rows[j + 1];
    for (let i = 0; i + 1 < nx; i += 1) {
      // Most cells have no line: they are passed over before anything is made for them.
      const first = low[i] >= level;
      if ((low[i + 1] >= level) === first && (high[i + 1] >= level) === first && (high[i] >= level) === first) continue;
      const corners = [low[i], low[i + 1], high[i + 1], high[i]];
      if (corners.includes(null)) continue;
      const over = corners.map((v) => v >= level);
      const edges = [[i, j, 0], [i + 1, j, 1], [i, j + 1, 0], [i, j, 1]];
      const cut = edges.filter((_, n) => over[n] !== over[(n + 1) % 4]).map((e) => crossing(...e));
      if (cut.length === 2) join(...cut);
      else {
        const middle = corners.reduce((sum, v) => sum + v, 0) / 4 >= level;
        // A saddle: the corners that agree with the middle are joined.
        const [a, b, c, d] = cut;
        if (over[0] === middle) { join(a, b); join(c, d); } else { join(a, d); join(b, c); }
      }
    }
  }
  return joined(at, links);
}

function joined(at, links) {
  const runs = [], used = new Set();
  const follow = (start) => {
    const run = [start];
    used.add(start);
    for (let now = start, next; ; now = next) {
      next = links.get(now).find((k) => !used.has(k));
      if (next === undefined) break;
      used.add(next);
      run.push(next);
    }
    if (run.length > 2 && links.get(run[run.length - 1]).includes(start)) run.push(start);
    return run;
  };
  for (const ends of [true, false]) {
    for (const [id, to] of links) if (!used.has(id) && (to.length === 1) === ends) runs.push(follow(id));
  }
  return runs.map((run) => run.map((id) => at.get(id)));
}
