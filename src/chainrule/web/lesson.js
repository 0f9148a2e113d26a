// The lesson of the stepper: numbers, steps, what is said of each, and what is said of a guess.
// Nothing here knows of the page; step.js shows it.

/**
 * Values and gradients of a whole circuit, from its inputs: what Scalar.backward does.
 * A gate that the course does not know, of somebody's own engine, keeps its value and its slopes.
 */
function run(nodes) {
  const values = [];
  nodes.forEach((node, k) => {
    const inputs = node.inputs.map((i) => values[i]);
    values[k] = GATES[node.gate]
      ? GATES[node.gate].forward(...inputs, node.constant) : node.value;
  });
  const gradients = nodes.map(() => 0);
  gradients[nodes.length - 1] = 1;
  const locals = [];
  const shares = [];
  for (let k = nodes.length - 1; k >= 0; k--) {
    const { gate, inputs, constant } = nodes[k];
    if (!gate) continue;
    locals[k] = GATES[gate]
      ? GATES[gate].local(...inputs.map((i) => values[i]), values[k], constant) : nodes[k].local;
    shares[k] = locals[k].map((local) => gradients[k] * local);
    inputs.forEach((i, p) => (gradients[i] += shares[k][p])); // a fork adds
  }
  return { values, gradients, locals, shares };
}

/** The steps: forward gate by gate; then back, one for each input of a gate and for each fork. */
function plan(nodes) {
  const last = nodes.length - 1;
  const branches = nodes.map(() => []);
  nodes.forEach((node, k) => node.inputs.forEach((i, p) => branches[i].push([k, p])));
  const steps = [{ kind: "start" }];
  nodes.forEach((node, k) => node.gate && steps.push({ kind: "forward", node: k }));
  steps.push({ kind: "seed", node: last });
  const waiting = branches.map((b) => b.length);
  const back = nodes.map(() => []);
  for (let k = last; k >= 0; k--) {
    nodes[k].inputs.forEach((to, p) => {
      steps.push({ kind: "back", node: k, input: p, to, forked: branches[to].length > 1 });
      back[to].push([k, p]);
      waiting[to] -= 1;
      if (!waiting[to] && back[to].length > 1) {
        steps.push({ kind: "fork", node: to, parts: back[to] });
      }
    });
  }
  return steps;
}

const near = (a, b, part) => Math.abs(a - b) <= part * Math.abs(b) + 1e-12;

/** Is a guess right, if it may be rounded to two digits? What needs no more has to be exact. */
function rightly(guess, truth) {
  if (near(guess, truth, 5e-4)) return true;
  if (truth === 0) return false;
  const exact = near(Number(truth.toPrecision(2)), truth, 1e-12);
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(truth))) - 1);
  const slack = exact ? 0 : Math.min(unit, 1) / 2;
  const alike = guess.toPrecision(2) === truth.toPrecision(2);
  return alike && Math.abs(guess - truth) <= slack * (1 + 1e-9);
}

/** What to say of a guess: a mark (right, close, not) and a sentence that names a likely slip. */
function judge(guess, truth, slips) {
  if (rightly(guess, truth)) return { mark: "right", text: "Right." };
  const slip = slips.find(([value]) => near(guess, value, 5e-3) && !near(value, truth, 1e-9));
  if (slip) return { mark: "not", text: `Not quite. ${slip[1]}` };
  if (guess * truth < 0 && near(-guess, truth, 0.1)) {
    return { mark: "not", text: "Not quite: the size is right, the sign is not." };
  }
  if (near(guess, truth, 0.1)) return { mark: "close", text: "Close." };
  return { mark: "not", text: "Not quite." };
}

/** What the steps of a circuit say; `n` writes a number. */
function wording(nodes, n) {
  const name = (k) => nodes[k].label;

  /** A step in words and numbers: pieces of text, or [class, text]; and why, for a second line. */
  function words(step, numbers, hidden) {
    const { values, gradients, locals } = numbers;
    const known = (kind, value) => [kind, hidden ? "?" : n(value)];
    const k = step.node;
    if (step.kind === "start") {
      return [
        ["The inputs are given. Step forward, and the values appear gate by gate."],
        "Keys: → and ← step, space plays, Home starts over. Each input is a field: change it.",
      ];
    }
    if (step.kind === "seed") {
      return [
        [`Now back: the gradient of ${name(k)} with respect to itself is `,
          known("gradient", 1), "."],
        hidden ? "" : `If ${name(k)} grows by a little, ${name(k)} grows by as much.`,
      ];
    }
    if (step.kind === "fork") {
      const parts = step.parts.map(([g, p]) => n(numbers.shares[g][p]));
      const sum = parts.map((part, i) => (i ? bracket(part) : part)).join(" + ");
      return [
        [`${name(k)} forks, and what comes back on its branches adds up: ${sum} = `,
          known("gradient", gradients[k])],
        hidden ? "" : `A small change of ${name(k)} reaches the output on every branch.`,
      ];
    }
    const { gate, inputs, constant } = nodes[k];
    const c = constant === null ? "" : show(constant, 6);
    const [x, y] = inputs.map(name);
    const [X, Y] = inputs.map((i) => values[i]);
    if (!GATES[gate]) return ofOwn(step, numbers, hidden);
    if (step.kind === "forward") {
      const formula = (args) => GATES[gate].writes(...args, c);
      return [
        [`${gate}: ${name(k)} = ${formula([x, y].slice(0, inputs.length))} = `,
          `${formula([X, Y].slice(0, inputs.length).map(n))} = `, known("value", values[k])],
        Number.isFinite(values[k]) ? "" : `${gate} has no value here. Change an input.`,
      ];
    }
    const [OUT, i] = [values[k], step.input];
    const which = inputs.length > 1 && x === y ? ` (input ${i + 1})` : "";
    const more = step.forked ? ` ${name(step.to)} forks: this is what one branch brings.` : "";
    return [
      [`${gate}, back to ${name(step.to)}${which}: upstream `, ["gradient", n(gradients[k])],
        " × local ", known("local", locals[k][i]), " = ",
        known("gradient", numbers.shares[k][i])],
      hidden ? "" : GATES[gate].because({ x, y, X, Y, out: name(k), OUT, c, i, n }) + more,
    ];
  }

  /** The same for a gate that the course does not know: it has its numbers, and no formula. */
  function ofOwn(step, { values, gradients, locals, shares }, hidden) {
    const known = (kind, value) => [kind, hidden ? "?" : n(value)];
    const k = step.node;
    if (step.kind === "forward") {
      return [[`${name(k)}, made of ${nodes[k].inputs.map(name).join(" and ")}: `,
        known("value", values[k])], ""];
    }
    return [
      [`back to ${name(step.to)}: upstream `, ["gradient", n(gradients[k])], " × local ",
        known("local", locals[k][step.input]), " = ", known("gradient", shares[k][step.input])],
      hidden ? "" : "The local gradient is the one that your engine keeps.",
    ];
  }

  /** What helps after two guesses: which gate it is, and its rule. */
  function hint(step) {
    if (step.kind === "fork") return "A fork adds: sum what comes back on its branches.";
    if (step.kind === "seed") return "How fast does a value follow itself?";
    const gate = GATES[nodes[step.node].gate];
    const which = gate ? `The gate is ${nodes[step.node].gate}. ` : "";
    if (step.kind === "forward") {
      const inputs = nodes[step.node].inputs.map(name);
      const c = nodes[step.node].constant;
      const formula = gate ? gate.writes(...inputs, c === null ? "" : show(c, 6)) : "";
      return `${which}Work out ${formula || "its formula"} with the green numbers.`;
    }
    return `${which}${gate ? gate.rule : "Multiply what arrived by the local gradient."}`;
  }

  /** Wrong numbers one may come by, and what to say of them. */
  function slips(step, numbers) {
    const { gradients, locals, shares, values } = numbers;
    if (step.kind === "fork") {
      return step.parts.map(([k, p]) => [
        shares[k][p], "That is what one branch brings back. Branches add.",
      ]);
    }
    if (step.kind !== "back") return [];
    const { node: k, input: p } = step;
    const [up, local] = [gradients[k], locals[k][p]];
    const other = nodes[k].inputs[1 - p];
    const found = [
      [local, "That is the local gradient; upstream multiplies it."],
      [up, "That is the upstream gradient; the local gradient multiplies it."],
      [up + local, "That is upstream + local. Rates multiply."],
      [up / 2, "Nothing is shared out: each input gets upstream × its own local gradient."],
    ];
    if (other !== undefined) {
      found.unshift([shares[k][1 - p], `That is what goes back to ${name(other)}.`]);
    }
    return [...found, [values[step.to], "That is the value, not the gradient."]];
  }

  function question(step) {
    if (step.kind === "forward") return `What is ${name(step.node)}?`;
    if (step.kind === "fork") return "What is the sum?";
    if (step.kind === "seed") return "Your guess?";
    return `What goes back to ${name(step.to)}?`;
  }

  return { words, slips, question, hint };
}
