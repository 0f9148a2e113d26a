// What every widget of the course shares: numbers as draw.py writes them, elements, the card.

/** A number with so many significant digits, as Python's "g" format has it, with a true minus. */
function show(value, digits = 4) {
  if (Number.isNaN(value)) return "undefined";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const exponent = Number(power);
  let text;
  if (exponent < -4 || exponent >= digits) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    text = `${trim(mantissa)}e${exponent < 0 ? "-" : "+"}${size}`;
  } else {
    text = trim(value.toFixed(digits - 1 - exponent));
  }
  return text.replaceAll("-", "−");
}

/** What a reader typed, as a number: "-0.5", "−0,5" and "1/3" all count. NaN when it is none. */
function typed(text) {
  const parts = text.trim().replaceAll("−", "-").replaceAll(",", ".").split("/");
  if (parts.length > 2 || parts.some((part) => part.trim() === "")) return NaN;
  return parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(parts[0]);
}

/** An element; `set` holds attributes (class, aria-label, ...) and handlers (onclick, ...). */
function make(tag, set = {}, ...children) {
  return fill(document.createElement(tag), set, children);
}

/** The same for SVG. */
function draw(tag, set = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), set, children);
}

function fill(element, set, children) {
  for (const [name, value] of Object.entries(set)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button with an icon (a path in a 16 x 16 box) and a word. */
function button(word, icon, onclick, set = {}) {
  const children = [make("span", {}, word)];
  if (icon) {
    const box = { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" };
    children.unshift(draw("svg", box, draw("path", { d: icon, fill: "currentColor" })));
  }
  return make("button", { type: "button", onclick, ...set }, ...children);
}

/** Buttons are never `disabled`: one that is would drop the focus, and with it the keys. */
function enable(control, on) {
  control.setAttribute("aria-disabled", String(!on));
}

const quiet = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Put a widget in place of the static picture inside `host`.
 *
 * It lives in a shadow tree: its style reaches nothing else on the page, and the page's style does
 * not reach it. The static picture stays where it is, unseen but for printing.
 */
function card(host, css, ...children) {
  const root = host.attachShadow({ mode: "open" });
  // JupyterLab gives single keys a meaning ("d d" deletes a cell); inside a widget they have none.
  host.setAttribute("data-lm-suppress-shortcuts", "true");
  const keep = (event) => {
    if (!event.ctrlKey && !event.metaKey && event.key !== "Tab") event.stopPropagation();
  };
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, keep);
  root.append(make("style", {}, css), ...children, make("slot", { class: "printed" }));
  return root;
}
