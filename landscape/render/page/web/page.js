// The state of the page, and helpers to make elements. Text is only ever set as text.

const app = {
  data: null,
  // The reader's choices; scale and clip per quantity, and only those actually made.
  chosen: { view: null, quantity: null, scale: {}, clip: {}, trajectory: true, preview: false,
    mark: null, step: null },
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
