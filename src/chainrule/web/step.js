// A circuit one can step through: the picture, the buttons and the keys. lesson.js knows the rest.

function stepper(host, data, css) {
  const { nodes, digits } = data;
  const steps = plan(nodes);
  const last = steps.length - 1;
  const firstBack = steps.findIndex((step) => step.kind === "seed");
  const n = (value) => show(value, digits);
  const name = (k) => nodes[k].label;
  const { words, slips, question, hint } = wording(nodes, n);
  const fixed = nodes.some((node) => node.gate && !GATES[node.gate]);

  let numbers = run(nodes);
  let at = 0;
  let predicting = false;
  let answers = new Map(); // step -> what was said of the guess that ended it
  let tries = 0; // guesses of this step that were wrong
  let timer = null;

  // ---- The picture: the one that draw/ made, taken over as it is; the tall one in a narrow column.

  const image = host.querySelector("img");
  const pictures = { wide: parsed(image.src), tall: parsed(host.querySelector("source").srcset) };
  const least = 0.74 * Number(pictures.wide.getAttribute("width"));
  let svg;
  let group;
  let fields;
  let shape = "";
  const wire = (k, p) => svg.querySelector(`[data-wire="${k}:${p}"]`);
  const text = {
    value: (k) => group[k].querySelector(".value"),
    gradient: (k) => group[k].querySelector(".gradient"),
    share: (k, p) => svg.querySelector(`[data-share="${k}:${p}"]`),
  };

  function parsed(address) {
    const bytes = Uint8Array.from(atob(address.split(",")[1]), (c) => c.charCodeAt(0));
    const type = "image/svg+xml";
    return new DOMParser().parseFromString(new TextDecoder().decode(bytes), type).documentElement;
  }

  /** Put the picture in that fits the column; false when it is there already. */
  function fit() {
    const wanted = view.clientWidth && view.clientWidth < least ? "tall" : "wide";
    if (wanted === shape) return false;
    shape = wanted;
    svg = document.importNode(pictures[shape], true);
    const width = Number(svg.getAttribute("width"));
    fill(svg, { role: "group", "aria-label": image.alt.replace(/ The table.*/, "") }, []);
    svg.style.cssText = `max-width:${width}px`;
    svg.querySelectorAll(":scope > .card, :scope > .theme").forEach((part) => part.remove());
    group = nodes.map((_, k) => svg.querySelector(`[data-node="${k}"]`));
    fields = new Map(fixed ? [] : nodes.flatMap((node, k) => (node.gate ? [] : [[k, field(k)]])));
    view.replaceChildren(svg);
    return true;
  }

  /** An input's value becomes a field, in its place. */
  function field(k) {
    const place = text.value(k);
    const input = make("input", {
      type: "number",
      step: "any",
      value: nodes[k].value,
      "aria-label": `${name(k)}, an input of the circuit`,
      oninput: () => change(k, input),
      onblur: () => {
        if (input.getAttribute("aria-invalid")) input.value = nodes[k].value;
        input.removeAttribute("aria-invalid");
      },
    });
    const [x, y] = [Number(place.getAttribute("x")) - 40, Number(place.getAttribute("y")) - 21];
    place.replaceWith(draw("foreignObject", { x, y, width: 80, height: 27 }, input));
    return input;
  }

  function change(k, input) {
    const value = input.value.trim() === "" ? NaN : Number(input.value);
    if (!Number.isFinite(value)) return input.setAttribute("aria-invalid", "true");
    input.removeAttribute("aria-invalid");
    nodes[k].value = value;
    nodes.forEach((node) => (node.own = null)); // what an engine had belongs to other inputs
    numbers = run(nodes);
    answers = new Map();
    tries = 0;
    seen(at - 1);
    render();
  }

  // ---- What a step shows and says.

  /** The number that a step brings, and the text of the picture it stands in. */
  function brings(step) {
    if (step.kind === "start") return null;
    const { values, gradients, shares } = numbers;
    if (step.kind === "forward") return { truth: values[step.node], spot: text.value(step.node) };
    if (step.kind === "back") {
      const truth = shares[step.node][step.input];
      const spot = step.forked ? text.share(step.node, step.input) : text.gradient(step.to);
      return { truth, spot, arrow: true };
    }
    return { truth: gradients[step.node], spot: text.gradient(step.node), arrow: true };
  }

  const asking = () => predicting && at > 0 && !answers.has(at);

  // ---- Controls.

  const icons = {
    reset: "M3 3h2v10H3zM13 3v10L6 8z",
    back: "M11 2v12L3 8z",
    play: "M2 3l6 5-6 5zM8 3l6 5-6 5z",
    pause: "M4 3h3v10H4zM9 3h3v10H9z",
    forward: "M5 2v12l8-6z",
  };
  const buttons = {
    reset: button("Reset", icons.reset, () => go(0), { title: "Start over (Home)" }),
    back: button("Back", icons.back, () => go(at - 1), { title: "One step back (left arrow)" }),
    play: button("Play", icons.play, toggle, { class: "play", title: "Play (space)" }),
    forward: button("Forward", icons.forward, next, {
      class: "main", title: "One step forward (right arrow)",
    }),
    predict: button("Predict", null, predict, {
      class: "end", "aria-pressed": "false", title: "Hide each number until you have guessed it",
    }),
  };
  const phase = make("p", { class: "phase" });
  const said = make("p", { class: "said" });
  const why = make("p", { class: "why" });
  const verdict = make("p", { class: "verdict" });
  const live = make("div", { "aria-live": "polite", "aria-atomic": "true" }, verdict, said, why);
  const guess = make("input", { type: "text", inputmode: "decimal", size: 9, autocomplete: "off" });
  const asked = make("span");
  const form = make("form", { class: "guess", hidden: "", onsubmit: (event) => answer(event) },
    make("label", {}, asked, guess), make("button", { class: "main" }, "Check"),
    button("Show it", null, give));
  const track = make("div", { class: "track", "aria-hidden": "true" },
    ...steps.slice(1).map((_, i) =>
      make("span", { class: i + 1 < firstBack ? "forward" : "backward" })));
  const rows = nodes.map(({ label, made }) => make("tr", {}, make("td", {}, label),
    make("td", {}, made), make("td", { class: "figure" }), make("td", { class: "figure" })));
  const table = make("details", {}, make("summary", {}, "These numbers as a table"),
    make("table", {}, make("thead", {}, make("tr", {},
      ...["scalar", "made by"].map((head) => make("th", { scope: "col" }, head)),
      ...["value", "gradient"].map((head) => make("th", { scope: "col", class: "figure" }, head)))),
    make("tbody", {}, ...rows)));
  const view = make("div", { class: "view" });
  const widget = make("div", {
    class: "frame step", tabindex: "0", role: "group", onkeydown: key,
    "aria-label": "Circuit, step by step. Arrow keys step, space plays, Home starts over.",
  }, view, make("div", { class: "bar" }, ...Object.values(buttons)),
  make("div", { class: "panel" }, phase, track, live, form), table);

  function go(to, playing = false) {
    if (!playing) stop();
    at = Math.max(0, Math.min(last, to));
    tries = 0;
    if (at === 0) answers = new Map();
    render();
    flow();
    if (asking() && !playing) guess.focus({ preventScroll: true });
  }

  function next() {
    if (asking()) return give();
    return go(at + 1);
  }

  function toggle() {
    if (timer !== null || predicting) return stop();
    if (at === last) go(0);
    const tick = () => {
      if (at === last || !host.isConnected) return stop();
      go(at + 1, true);
      timer = setTimeout(tick, 1600);
    };
    timer = setTimeout(tick, 250);
    return render();
  }

  function stop() {
    clearTimeout(timer);
    if (timer === null) return;
    timer = null;
    render();
  }

  /** Steps that were seen without a question are not asked about later. */
  function seen(upTo) {
    for (let i = 1; i <= upTo; i++) if (!answers.has(i)) answers.set(i, null);
  }

  function predict() {
    stop();
    predicting = !predicting;
    seen(at);
    render();
  }

  /** Wrong once: another try. Wrong twice: a hint. Wrong a third time: the number. */
  function answer(event) {
    event.preventDefault();
    const value = typed(guess.value);
    if (!Number.isFinite(value)) return guess.setAttribute("aria-invalid", "true");
    const found = judge(value, brings(steps[at]).truth, slips(steps[at], numbers));
    tries += found.mark !== "right";
    if (found.mark === "right" || tries === 3) {
      answers.set(at, found);
      return settle();
    }
    const more = tries === 1 ? "Once more." : hint(steps[at]);
    render({ mark: found.mark, text: `${found.text} ${more}` });
    return guess.focus({ preventScroll: true });
  }

  function give() {
    answers.set(at, { mark: "shown", text: "Here it is." });
    settle();
  }

  function settle() {
    render();
    buttons.forward.focus({ preventScroll: true });
  }

  function key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "INPUT") return;
    if (event.target.tagName === "SUMMARY" && event.key === " ") return;
    const action = {
      ArrowRight: next,
      ArrowLeft: () => go(at - 1),
      Home: () => go(0),
      " ": event.target.tagName === "BUTTON" ? null : toggle,
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  // ---- Showing all that.

  /** Show where things are; `told` is what was said of a guess that did not end the step. */
  function render(told = null) {
    const step = steps[at];
    const hidden = asking();
    for (const [k, input] of fields) {
      if (Number(input.value) !== nodes[k].value && !input.getAttribute("aria-invalid")) {
        input.value = nodes[k].value;
      }
    }
    svg.querySelectorAll(".gate, .wire").forEach((part) => part.classList.remove("now", "lit"));
    svg.querySelectorAll(".badge, .glow").forEach((part) => part.remove());
    steps.forEach((other, i) => {
      const bring = brings(other);
      if (!bring) return;
      const shown = i === at && hidden ? "?" : n(bring.truth);
      bring.spot.textContent = (bring.arrow ? "← " : "") + shown;
      bring.spot.classList.toggle("unseen", i > at);
      bring.spot.classList.toggle("fresh", i === at);
    });
    nodes.forEach((node, k) => {
      const reached = !node.gate || steps.findIndex((s) => s.node === k) <= at;
      group[k].classList.toggle("reached", reached);
      node.inputs.forEach((_, p) => wire(k, p).classList.toggle("lit", reached));
    });
    for (const [k, p] of active(step)) wire(k, p).classList.add("now");
    svg.classList.toggle("backward", at >= firstBack);
    if (step.kind === "forward" || step.kind === "back") {
      group[step.node].querySelector(".gate").classList.add("now");
    }
    if (step.kind === "back" && !hidden) badge(step);
    if (at > 0) frame(brings(step).spot, "glow");
    if (step.kind === "back") frame(text.gradient(step.node), "glow used");
    if (step.kind === "fork") step.parts.forEach((part) => frame(text.share(...part), "glow used"));

    const direction = at === 0 ? "Ready" : at < firstBack ? "Forward" : "Backward";
    const score = [...answers.values()].filter((a) => a && a.mark !== "shown");
    const right = score.filter((a) => a.mark === "right").length;
    phase.replaceChildren(make("b", {}, direction), ` · step ${at} of ${last}`);
    if (score.length) phase.append(` · ${right} of ${score.length} guessed right`);
    const [sentence, reason] = words(step, numbers, hidden);
    said.replaceChildren(...sentence.map((piece) =>
      typeof piece === "string" ? piece : make("b", { class: piece[0] }, piece[1])));
    why.textContent = reason + (hidden ? "" : differs(step)) +
      (at === last && !hidden ? " That was the last step." : "");
    const verdictNow = told ?? (predicting && !hidden ? answers.get(at) : null);
    verdict.className = `verdict ${verdictNow ? verdictNow.mark : ""}`;
    verdict.textContent = verdictNow ? verdictNow.text : "";
    form.hidden = !hidden;
    asked.textContent = hidden ? question(step) : "";
    guess.value = "";
    guess.removeAttribute("aria-invalid");
    [...track.children].forEach((mark, i) => {
      mark.classList.toggle("done", i + 1 <= at);
      mark.classList.toggle("now", i + 1 === at);
    });
    rows.forEach((row, k) => {
      for (const [column, kind] of [[2, "value"], [3, "gradient"]]) {
        const spot = text[kind](k);
        const value = kind === "value" && !nodes[k].gate ? n(nodes[k].value)
          : spot.classList.contains("unseen") ? "" : spot.textContent.replace("← ", "");
        row.children[column].textContent = value;
      }
    });
    enable(buttons.reset, at > 0);
    enable(buttons.back, at > 0);
    enable(buttons.forward, at < last || hidden);
    enable(buttons.play, !predicting);
    const playing = timer !== null;
    buttons.play.querySelector("span").textContent = playing ? "Pause" : "Play";
    buttons.play.querySelector("path").setAttribute("d", playing ? icons.pause : icons.play);
    buttons.predict.setAttribute("aria-pressed", String(predicting));
    reveal();
  }

  /** Where somebody's own engine had another gradient than the one that was worked out here. */
  function differs(step) {
    const k = step.kind === "back" && !step.forked ? step.to : step.kind === "back" ? -1 : step.node;
    const own = step.kind === "forward" ? null : nodes[k]?.own;
    if (own === null || own === undefined) return "";
    const right = numbers.gradients[k];
    return near(own, right, 1e-6) ? "" : ` Your engine has ${n(own)} at ${name(k)}.`;
  }

  /** The wires that a step is about. */
  function active(step) {
    if (step.kind === "forward") return nodes[step.node].inputs.map((_, p) => [step.node, p]);
    if (step.kind === "back") return [[step.node, step.input]];
    return step.kind === "fork" ? step.parts : [];
  }

  /** The local gradient, under the gate whose it is. */
  function badge(step) {
    const gate = group[step.node].querySelector(".gate");
    const [x, y] = gate.dataset.badge.split(",").map(Number);
    const content = `× ${n(numbers.locals[step.node][step.input])}`;
    const half = 4.2 * content.length + 7;
    svg.querySelector(":scope > g").append(draw("g", { class: "badge" },
      draw("rect", { x: x - half, y: y - 10, width: 2 * half, height: 20, rx: 10 }),
      draw("text", { x, y: y + 5 }, content)));
  }

  /** A box behind a number: filled for the one that a step brings, dashed for what it uses. */
  function frame(spot, kind) {
    const box = spot.getBBox();
    if (!box.width) return; // not on the screen, as in a closed tab
    spot.before(draw("rect", {
      class: kind, x: box.x - 5, y: box.y - 1, width: box.width + 10, height: box.height + 2,
      rx: 5,
    }));
  }

  /** A dot runs along the wires of the step: forward to the gate, or back from it. */
  function flow() {
    svg.querySelectorAll(".dot").forEach((dot) => dot.remove());
    if (quiet()) return;
    const points = at < firstBack ? "0;1" : "1;0";
    for (const [k, p] of active(steps[at])) {
      const move = draw("animateMotion", {
        path: wire(k, p).getAttribute("d"), dur: "0.6s", keyPoints: points, keyTimes: "0;1",
        calcMode: "linear", fill: "freeze", begin: "indefinite",
      });
      const dot = draw("circle", { class: "dot", r: 5 }, move);
      move.addEventListener("endEvent", () => dot.remove());
      svg.querySelector(":scope > g").append(dot);
      move.beginElement();
    }
  }

  /** In a narrow column the picture scrolls sideways; keep the step in sight. */
  function reveal() {
    const now = svg.querySelector(".gate.now, .fresh");
    if (!now || view.scrollWidth <= view.clientWidth) return;
    const [box, frame] = [now.getBoundingClientRect(), view.getBoundingClientRect()];
    const middle = box.left + box.width / 2 - frame.left + view.scrollLeft;
    view.scrollTo({ left: middle - frame.width / 2, behavior: quiet() ? "auto" : "smooth" });
  }

  card(host, css, widget);
  fit();
  render();
  new ResizeObserver(() => fit() && render()).observe(view);
}
