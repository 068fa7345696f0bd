// A page whose data are damaged says so: cut off, edited, or not what the page knows how to draw.

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

function crc32(text) {
  let sum = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) sum = CRC[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (~sum >>> 0).toString(16).padStart(8, "0");
}

function sayDamaged(why) {
  const words = `${why} What is shown may be wrong or missing: get the page again, or make it again from its surface files.`;
  byId("damaged").replaceChildren(element("strong", {}, "This page is damaged. "), words);
  byId("damaged").hidden = false;
}

// The data of the page, or null if they cannot be read.
function readData() {
  const held = byId("panels-data");
  if (!held || typeof Plotly === "undefined") {
    sayDamaged("Its end is missing: the file was cut off.");
    return null;
  }
  try {
    const data = JSON.parse(held.textContent);
    const wrong = held.dataset.crc === crc32(held.textContent) ? misfit(data) : "Its data have been changed since it was written.";
    if (wrong) sayDamaged(wrong);
    return data;
  } catch (error) {
    sayDamaged(`Its data cannot be read (${error.message}).`);
    return null;
  }
}

// What does not fit together, in words; empty if all does.
function misfit({ panels, quantities }) {
  for (const { title, x, y, values } of panels) {
    const size = x.length * (y ? y.length : 1);
    for (const { name } of quantities) {
      const count = values[name] ? values[name].length : 0;
      if (count !== size) return `“${title}” has ${count} values of ${name} for ${size} points.`;
    }
  }
  return "";
}
