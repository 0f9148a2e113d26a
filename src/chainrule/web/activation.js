// An activation function under a slider: its value, its slope, and what comes back through it.

const ACTIVATIONS = {
  "sigmoid": {
    value: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
    slope: (x, y) => y * (1 - y),
  },
  "tanh": { value: (x) => Math.tanh(x), slope: (x, y) => 1 - y * y },
  "ReLU": { value: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0) },
  "leaky ReLU": { value: (x) => (x > 0 ? x : 0.1 * x), slope: (x) => (x > 0 ? 1 : 0.1) },
  "ELU": { value: (x) => (x > 0 ? x : Math.expm1(x)), slope: (x) => (x > 0 ? 1 : Math.exp(x)) },
};

const LITTLE = 0.05; // a slope below this counts as saturated

/** What becomes of a gradient at this slope, in a word: dead, saturated, or nothing special. */
const state = (slope) => (slope === 0 ? "dead" : slope < LITTLE ? "saturated" : "");

function activation(host, data, css) {
  const reach = 6;
  const samples = Array.from({ length: 241 }, (_, i) => -reach + i / 20);
  const box = { width: 560, height: 280, left: 40, right: 14, top: 14, bottom: 30 };
  let chosen = data.name;
  let x = data.x;

  const select = make("select", { onchange: () => { chosen = select.value; frame(); } },
    ...Object.keys(ACTIVATIONS).map((name) => make("option", { value: name }, name)));
  select.value = chosen;
  const slider = make("input", {
    type: "range", min: -reach, max: reach, step: 0.05, value: x,
    oninput: () => { x = Number(slider.value); move(); },
  });
  const at = make("output", { class: "at" });
  const svg = draw("svg", {
    viewBox: `0 0 ${box.width} ${box.height}`, width: box.width, role: "img",
  });
  const said = make("p", { class: "said" });
  const why = make("p", { class: "why" });
  const meter = make("div", { class: "meter", "aria-hidden": "true" }, make("span"));
  const chain = make("p", { class: "why" });
  let px, py, marks;

  /** The picture for the chosen function; only the marks move with the slider. */
  function frame() {
    const { value, slope } = ACTIVATIONS[chosen];
    const [low, high] = { "sigmoid": [-0.1, 1.1], "tanh": [-1.2, 1.2] }[chosen] ?? [-1.5, 6];
    const across = box.width - box.left - box.right;
    const up = box.height - box.top - box.bottom;
    px = (u) => box.left + ((u + reach) / (2 * reach)) * across;
    py = (v) => box.top + ((high - v) / (high - low)) * up;
    const line = (f) => samples.map((u, i) =>
      `${i ? "L" : "M"}${px(u).toFixed(1)} ${py(f(u)).toFixed(1)}`).join("");
    const step = high > 2 ? 2 : low < -1 ? 0.5 : 0.25;
    const ticks = [];
    for (let v = Math.ceil(low / step) * step; v <= high; v += step) ticks.push(v);
    const stripes = draw("pattern",
      { id: "stripes", width: 7, height: 7, patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)" }, draw("rect", { class: "stripe", width: 2, height: 7 }));
    marks = draw("g");
    svg.replaceChildren(
      draw("defs", {}, stripes),
      ...regions(slope, value).map(([from, to, word]) => draw("g", {},
        draw("rect", { class: "region", x: px(from), y: box.top, width: px(to) - px(from),
          height: up }),
        draw("text", { class: "word", x: (px(from) + px(to)) / 2, y: box.top + 16 }, word))),
      ...ticks.map((v) => draw("g", {},
        draw("path", { class: "grid", d: `M${box.left} ${py(v)}h${across}` }),
        draw("text", { class: "tick", x: box.left - 18, y: py(v) + 4 }, show(v, 2)))),
      ...[-6, -4, -2, 0, 2, 4, 6].map((u) =>
        draw("text", { class: "tick", x: px(u), y: box.height - 10 }, show(u))),
      draw("path", { class: "axis",
        d: `M${px(0)} ${box.top}v${up}M${box.left} ${py(0)}h${across}` }),
      draw("path", { class: "curve", d: line(value) }),
      draw("path", { class: "curve slope", d: line((u) => slope(u, value(u))) }),
      marks,
    );
    move();
  }

  /** Stretches of the axis that are saturated or dead. */
  function regions(slope, value) {
    const found = [];
    samples.forEach((u, i) => {
      const word = state(slope(u, value(u)));
      const open = found.at(-1);
      if (open && open[2] === word && open[3] === i - 1) [open[1], open[3]] = [u, i];
      else if (word) found.push([u, u, word, i]);
    });
    return found;
  }

  function move() {
    const { value, slope } = ACTIVATIONS[chosen];
    const y = value(x);
    const rate = slope(x, y);
    const word = state(rate);
    marks.replaceChildren(
      draw("path", { class: "now", d: `M${px(x)} ${box.top}V${box.height - box.bottom}` }),
      draw("path", { class: "tangent",
        d: `M${px(x - 1)} ${py(y - rate)}L${px(x + 1)} ${py(y + rate)}` }),
      draw("circle", { class: "dot", cx: px(x), cy: py(y), r: 6 }),
      draw("rect", { class: "dot slope", x: px(x) - 5, y: py(rate) - 5, width: 10, height: 10 }),
    );
    svg.setAttribute("aria-label",
      `${chosen} (solid) and its slope (dashed) from −6 to 6, marked at x = ${show(x)}`);
    slider.setAttribute("aria-valuetext", `x = ${show(x)}`);
    at.textContent = show(x);
    said.replaceChildren("value ", make("b", { class: "value" }, show(y)), " · slope ",
      make("b", { class: "gradient" }, show(rate)), " · back: upstream 1 × ", show(rate), " = ",
      make("b", { class: "gradient" }, show(rate)));
    why.textContent = {
      "dead": "Dead: nothing comes back, whatever arrives. This unit cannot learn from this input.",
      "saturated": `Saturated: the slope is below ${LITTLE}. Hardly anything comes back.`,
      "": "Neither saturated nor dead.",
    }[word];
    meter.firstChild.style.width = `${Math.max(0, Math.min(1, rate)) * 100}%`;
    chain.textContent = `Ten such slopes in a row: ${show(rate)}^10 = ${show(rate ** 10, 3)}.`;
  }

  card(host, css, make("div", { class: "frame plot" },
    make("div", { class: "bar" },
      make("label", {}, "function ", select),
      make("label", { class: "wide" }, "x ", slider), at),
    make("div", { class: "view" }, svg),
    make("p", { class: "key" }, make("span", { class: "solid" }), "value (round mark)",
      make("span", { class: "dashed" }), "slope (square mark)"),
    make("div", { class: "panel" }, make("div", { "aria-live": "polite" }, said, meter, why),
      chain)));
  frame();
}
