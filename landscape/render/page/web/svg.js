// Pictures of lines and text above and below a scene, with every look stated in the element itself,
// so that they can be drawn into a file as they are.

const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const polyline = (places) => "M" + places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");

function line(places, look) {
  return shape("path", { d: polyline(places), fill: "none", "stroke-linejoin": "round", "stroke-linecap": "round", ...look });
}

const ruler = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function textWidth(words, size, weight = "") {
  ruler.font = `${weight} ${size}px system-ui, 'DejaVu Sans', sans-serif`;
  return ruler.measureText(words).width;
}

// Whether a line from a to b passes through a box.
function crosses([a, b], [left, top, right, bottom]) {
  let [start, end] = [0, 1];
  for (const [from, along, low, high] of [[a[0], b[0] - a[0], left, right], [a[1], b[1] - a[1], top, bottom]]) {
    const [s, t] = [(low - from) / along, (high - from) / along];
    if (along === 0 && (from < low || from > high)) return false;
    if (along !== 0) [start, end] = [Math.max(start, Math.min(s, t)), Math.min(end, Math.max(s, t))];
  }
  return start < end;
}

// Text that is left out where it would leave the canvas or touch other text.
class Labels {
  constructor(width, height, ink) {
    Object.assign(this, { width, height, ink, taken: [], texts: [] });
  }

  // anchor: start, middle or end of the words at x; y is the middle of their height; look: more attributes.
  // Returns whether it fits.
  put(words, x, y, { anchor = "middle", size = 12, fill = this.ink.ink, weight = "", pad = 2, look = {} } = {}) {
    const wide = textWidth(words, size, weight), left = x - wide * { start: 0, middle: 0.5, end: 1 }[anchor];
    const box = [left - 2, y - 0.62 * size, left + wide + 2, y + 0.62 * size];
    const off = box[0] < 0 || box[1] < 0 || box[2] > this.width || box[3] > this.height;
    if (off || this.touches([box[0] + 2 - pad, box[1], box[2] - 2 + pad, box[3]])) return false;
    this.taken.push(box);
    this.texts.push(shape("text", {
      x: left.toFixed(1), y: (y + 0.35 * size).toFixed(1), fill, "font-size": size, "font-family": this.ink.font.family,
      ...(weight ? { "font-weight": weight } : {}), ...look,
    }, words));
    return true;
  }

  // Takes back all but the first so many.
  back(count) {
    this.taken.length = this.texts.length = count;
  }

  touches([left, top, right, bottom]) {
    return this.taken.some((t) => left < t[2] && right > t[0] && top < t[3] && bottom > t[1]);
  }
}
