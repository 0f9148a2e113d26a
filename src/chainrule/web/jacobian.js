// A Jacobian of four inputs written out, beside the vector-Jacobian product that needs none of it.

const KINDS = {
  "sigmoid, elementwise": {
    forward: (x) => x.map((v) => 1 / (1 + Math.exp(-v))),
    jacobian: (x, z) => z.map((a, i) => z.map((_, j) => (i === j ? a * (1 - a) : 0))),
    product: (u, x, z) => u.map((v, i) => v * z[i] * (1 - z[i])),
    short: "upstream × z × (1 − z), entry by entry",
    says: "Each output follows its own input only: the Jacobian is diagonal.",
  },
  "ReLU, elementwise": {
    forward: (x) => x.map((v) => Math.max(v, 0)),
    jacobian: (x, z) => z.map((_, i) => z.map((_, j) => (i === j && x[i] > 0 ? 1 : 0))),
    product: (u, x) => u.map((v, i) => (x[i] > 0 ? v : 0)),
    short: "upstream where x > 0, and 0 elsewhere",
    says: "Each output follows its own input only: the Jacobian is diagonal, of zeros and ones.",
  },
  "softmax": {
    forward: (x) => {
      const e = x.map((v) => Math.exp(v - Math.max(...x)));
      const total = e.reduce((a, b) => a + b);
      return e.map((v) => v / total);
    },
    jacobian: (x, z) => z.map((a, i) => z.map((b, j) => a * ((i === j ? 1 : 0) - b))),
    product: (u, x, z) => {
      const mean = u.reduce((sum, v, i) => sum + v * z[i], 0);
      return u.map((v, i) => z[i] * (v - mean));
    },
    short: "z × (upstream − sum of upstream × z)",
    says: "Every output follows every input: nothing is zero. Each column sums to 0.",
  },
};

function jacobian(host, data, css) {
  const { x, upstream } = data;
  let column = 0;
  const places = x.map((_, i) => i);
  const n = (value) => show(Math.abs(value) < 5e-17 ? 0 : value, 3);
  const select = make("select", { onchange: render }, ...Object.keys(KINDS).map((kind) =>
    make("option", { value: kind }, kind)));
  select.value = data.kind;

  const field = (list, i, label) => {
    const input = make("input", {
      type: "number", step: "any", value: list[i], "aria-label": `${label}${i}`,
      oninput: () => {
        const value = input.value.trim() === "" ? NaN : Number(input.value);
        if (!Number.isFinite(value)) return input.setAttribute("aria-invalid", "true");
        input.removeAttribute("aria-invalid");
        list[i] = value;
        return render();
      },
    });
    return make("td", {}, input);
  };
  const head = (text, scope = "row") => make("th", { scope }, text);
  const cells = places.map(() => places.map(() => make("td", { class: "entry" })));
  const outs = places.map(() => make("td", { class: "entry value" }));
  const picks = places.map((j) => make("button", {
    type: "button", class: "pick", onclick: () => { column = j; render(); },
  }));
  const direct = places.map(() => make("td", { class: "entry gradient" }));
  const said = make("p", { class: "said" });
  const why = make("p", { class: "why" });
  const short = make("th", { scope: "row", colspan: 3 });
  const table = make("table", { class: "lab" },
    make("tbody", {},
      make("tr", {}, make("td", { colspan: 2 }), head("x"), ...places.map((i) =>
        field(x, i, "x"))),
      make("tr", { class: "heads" }, head("upstream", "col"), head("z", "col"), head("", "col"),
        ...places.map((j) => head(`by x${j}`, "col"))),
      ...places.map((i) => make("tr", {}, field(upstream, i, "upstream "), outs[i], head(`z${i}`),
        ...cells[i])),
      make("tr", { class: "sum" }, make("th", { scope: "row", colspan: 3 }, "dx = upstream · J"),
        ...picks.map((pick) => make("td", {}, pick))),
      make("tr", {}, short, ...direct)));

  function render() {
    const kind = KINDS[select.value];
    const z = kind.forward(x);
    const J = kind.jacobian(x, z);
    const dx = places.map((j) => places.reduce((sum, i) => sum + upstream[i] * J[i][j], 0));
    const product = kind.product(upstream, x, z);
    const largest = Math.max(...J.flat().map(Math.abs), 1e-12);
    places.forEach((i) => {
      outs[i].textContent = n(z[i]);
      places.forEach((j) => {
        const cell = cells[i][j];
        const strength = Math.abs(J[i][j]) / largest;
        const tint = J[i][j] >= 0 ? "0, 114, 178" : "213, 94, 0";
        cell.textContent = n(J[i][j]);
        cell.style.backgroundColor = `rgba(${tint}, ${(0.3 * strength).toFixed(3)})`;
        cell.classList.toggle("nought", J[i][j] === 0);
        cell.classList.toggle("picked", j === column);
      });
      picks[i].textContent = n(dx[i]);
      picks[i].setAttribute("aria-label", `dx${i} = ${n(dx[i])}, show the sum`);
      picks[i].setAttribute("aria-current", String(i === column));
      direct[i].textContent = n(product[i]);
    });
    const terms = places.map((i) => {
      const term = `${n(upstream[i])} × ${n(J[i][column])}`;
      return i && term.startsWith("−") ? `(${term})` : term;
    });
    said.replaceChildren(`dx${column} = ${terms.join(" + ")} = `,
      make("b", { class: "gradient" }, n(dx[column])));
    why.textContent = kind.says;
    short.textContent = `the short way: ${kind.short}`;
  }

  const counts = make("table", { class: "counts" },
    make("thead", {}, make("tr", {}, ...["inputs", "entries of J", "memory of J (float64)",
      "numbers in dx"].map((text) => make("th", { scope: "col", class: "figure" }, text)))),
    make("tbody", {}, ...data.counts.map((row) =>
      make("tr", {}, ...row.map((text) => make("td", { class: "figure" }, text))))));
  card(host, css, make("div", { class: "frame jacobian" },
    make("div", { class: "bar" }, make("label", {}, "function ", select)),
    make("div", { class: "view" }, table),
    make("div", { class: "panel" }, make("div", { "aria-live": "polite" }, said, why), counts)));
  render();
}
