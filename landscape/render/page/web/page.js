// What the page shows now, and how its elements are made. Text is only ever set as text.

const app = {
  data: null,
  // What the reader chose; scale and clip per quantity, and only what was really chosen.
  chosen: { view: null, quantity: null, scale: {}, clip: {}, trajectory: true, preview: false,
    mark: null, step: null, narrow: false },
  picture: null,
  panels: [],
  camera: null,
};

const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function unitLabel(quantity) {
  return quantity.unit ? `${quantity.label} (${quantity.unit})` : quantity.label;
}
