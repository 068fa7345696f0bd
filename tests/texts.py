"""Words of a page that are cut, written over each other or crossed by an edge, by their boxes."""

from __future__ import annotations

import itertools
from typing import Any

WIDTHS = [(390, 844), (768, 1024), (1024, 768), (1440, 900), (1920, 1080)]

_TEXTS = """() => {
  const texts = [], range = document.createRange(), kinds = ['auto', 'scroll'];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, e = node.parentElement;
    const unread = 'script, style, noscript, option, optgroup, .unseen';
    if (!node.data.trim() || e.closest(unread)) continue;
    if (!e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    const size = parseFloat(getComputedStyle(e).fontSize), frames = [];
    for (let p = e; p && p !== document.body; p = p.parentElement) {
      const { overflowX } = getComputedStyle(p);
      if (kinds.includes(overflowX)) break;
      const own = !p.namespaceURI.endsWith('svg') || p.tagName === 'svg';
      const c = p.getBoundingClientRect();
      if (own && overflowX !== 'visible') frames.push([c.left, c.top, c.right, c.bottom]);
    }
    range.selectNodeContents(node);
    for (const b of range.getClientRects()) {
      if (b.width < 1) continue;
      // A line is higher than its letters.
      const middle = (b.top + b.bottom) / 2, half = Math.min(b.height, size) / 2;
      const box = [b.left, middle - half, b.right, middle + half];
      node.number ??= texts.length;
      texts.push({ words: node.data.trim(), of: node.number, box, frames,
        outside: Boolean(e.closest('.above')) && !e.matches('.isoline, [text-anchor]') });
    }
  }
  const edges = [...document.querySelectorAll('.below:not([hidden]) path')].flatMap((path) => {
    const { left, top } = path.ownerSVGElement.getBoundingClientRect();
    const at = path.getAttribute('d').slice(1).split('L').map((p) => p.split(' ').map(Number));
    return at.slice(1).map((b, n) => [at[n], b].map(([x, y]) => [left + x, top + y]));
  });
  return { texts, edges, width: innerWidth, wide: document.documentElement.scrollWidth };
}"""


def faults_of_text(explorer: Any, least: int = 8) -> list[tuple[str, ...]]:
    """What a reader could not read, as words with what is wrong; ``least`` texts must be there."""
    held = explorer.page.evaluate(_TEXTS)
    texts = held["texts"]
    assert len(texts) > least
    found = [("page wider than the window",)] if held["wide"] > held["width"] else []
    for text in texts:
        left, top, right, bottom = text["box"]
        window = [0, -1e9, held["width"], 1e9]
        for a, b, c, d in [window, *text["frames"]]:
            if left < a - 1 or top < b - 1 or right > c + 1 or bottom > d + 1:
                found.append(("cut", text["words"]))
        if text["outside"] and any(_crosses(edge, text["box"]) for edge in held["edges"]):
            found.append(("crossed by an edge", text["words"]))
    for one, other in itertools.combinations(texts, 2):
        a, b = one["box"], other["box"]
        across, along = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        if across > 1 and along > 2 and one["of"] != other["of"]:
            found.append(("over each other", one["words"], other["words"]))
    return found


def _crosses(edge: list[list[float]], box: list[float]) -> bool:
    """Whether a line passes through a box, sampled at every half pixel."""
    (ax, ay), (bx, by) = edge
    pieces = max(1, int(2 * max(abs(bx - ax), abs(by - ay))))
    return any(
        box[0] < ax + (bx - ax) * k / pieces < box[2]
        and box[1] < ay + (by - ay) * k / pieces < box[3]
        for k in range(pieces + 1)
    )


def resized(explorer: Any, width: int, height: int) -> None:
    """Give the window a size, and wait until the page is drawn for it."""
    explorer.page.set_viewport_size({"width": width, "height": height})
    explorer.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    explorer.settle()
