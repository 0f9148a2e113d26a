// The gates of circuit.py, by name: forward and local gradients side by side, as there.
//
// forward: (...inputs, c) -> output
// local:   (...inputs, out, c) -> the derivative of the output by each input
// writes:  (...inputs, c) -> the formula; all are strings
// rule:    what becomes of a gradient there, in words and without numbers: a hint.
// because: where the local gradient comes from, in words. It is given one object: the names of the
//          inputs (x, y), their numbers (X, Y), the output (out, OUT), the constant c, which input
//          is asked about (i), and what a number looks like (n).

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** A negative number that is not the first in a formula needs brackets. */
const bracket = (text) => (text.startsWith("−") ? `(${text})` : text);

const GATES = {
  "add": {
    forward: (x, y, c) => x + y,
    local: (x, y, out, c) => [1, 1],
    writes: (x, y, c) => `${x} + ${bracket(y)}`,
    rule: "A sum hands on what arrives, whole, to each of its inputs.",
    because: () => "A sum distributes: its local gradient by each input is 1.",
  },
  "multiply": {
    forward: (x, y, c) => x * y,
    local: (x, y, out, c) => [y, x],
    writes: (x, y, c) => `${x} × ${bracket(y)}`,
    rule: "A product gives each input what arrives times the other input.",
    because: ({ x, y, X, Y, i, n }) =>
      `A product switches: the local gradient by ${i ? y : x} is the other input, ` +
      `${i ? x : y} = ${n(i ? X : Y)}.`,
  },
  "max": {
    forward: (x, y, c) => Math.max(x, y),
    local: (x, y, out, c) => (x >= y ? [1, 0] : [0, 1]),
    writes: (x, y, c) => `max(${x}, ${y})`,
    rule: "A maximum gives all that arrives to the larger input, and nothing to the other.",
    because: ({ x, y, X, Y, i }) => {
      if (X === Y) return "A tie: by the course's convention the first input takes all of it.";
      const name = i ? y : x;
      return (i ? Y > X : X > Y)
        ? `max routes: ${name} is the larger, so its local gradient is 1.`
        : `max routes: ${name} is the smaller; moved a little, it changes nothing.`;
    },
  },
  "reciprocal": {
    forward: (x, c) => 1 / x,
    local: (x, out, c) => [-out * out],
    writes: (x, c) => `1 / ${bracket(x)}`,
    rule: "1/x falls as x grows, and the faster the nearer x is to 0: its slope is −1/x².",
    because: ({ x, X, n }) => `The slope of 1/x is −1/x²: here −1 / ${bracket(n(X))}².`,
  },
  "exp": {
    forward: (x, c) => Math.exp(x),
    local: (x, out, c) => [out],
    writes: (x, c) => `exp(${x})`,
    rule: "The slope of exp is its own output.",
    because: ({ OUT, n }) => `The slope of exp is its own output, ${n(OUT)}.`,
  },
  "add a constant": {
    forward: (x, c) => x + c,
    local: (x, out, c) => [1],
    writes: (x, c) => `${x} + ${bracket(c)}`,
    rule: "A constant changes no slope: what arrives goes on as it is.",
    because: () => "A constant shifts the output and stretches nothing: the slope is 1.",
  },
  "scale": {
    forward: (x, c) => c * x,
    local: (x, out, c) => [c],
    writes: (x, c) => `${c} × ${bracket(x)}`,
    rule: "What arrives is multiplied by the constant, as the input was.",
    because: ({ c }) => `Scaling by ${c} has the slope ${c} everywhere.`,
  },
  "sigmoid": {
    forward: (x, c) => sigmoid(x),
    local: (x, out, c) => [out * (1 - out)],
    writes: (x, c) => `σ(${x})`,
    rule: "The slope of a sigmoid is its output times one minus its output.",
    because: ({ OUT, n }) =>
      `The slope of σ is output × (1 − output): ${n(OUT)} × (1 − ${n(OUT)}).`,
  },
  "tanh": {
    forward: (x, c) => Math.tanh(x),
    local: (x, out, c) => [1 - out * out],
    writes: (x, c) => `tanh(${x})`,
    rule: "The slope of tanh is 1 minus the square of its output.",
    because: ({ OUT, n }) => `The slope of tanh is 1 − output²: 1 − ${bracket(n(OUT))}².`,
  },
  "relu": {
    forward: (x, c) => Math.max(x, 0),
    local: (x, out, c) => [x > 0 ? 1 : 0],
    writes: (x, c) => `relu(${x})`,
    rule: "What arrives goes through where the input is positive, and nowhere else.",
    because: ({ x, X }) =>
      X > 0
        ? `relu routes: ${x} is positive and passes, so the slope is 1.`
        : `relu routes: ${x} is not positive, nothing passes, so the slope is 0.`,
  },
  "log": {
    forward: (x, c) => Math.log(x),
    local: (x, out, c) => [1 / x],
    writes: (x, c) => `log(${x})`,
    rule: "The slope of the logarithm is 1/x.",
    because: ({ X, n }) => `The slope of log is 1/x: here 1 / ${bracket(n(X))}.`,
  },
  "power": {
    forward: (x, c) => x ** c,
    local: (x, out, c) => [c ? c * x ** (c - 1) : 0],
    writes: (x, c) => `${bracket(x)}^${bracket(c)}`,
    rule: "The slope of a power: the exponent comes down, and the power has one less.",
    because: ({ c, X, n }) =>
      `The slope of x^c is c x^(c − 1): here ${c} × ${bracket(n(X))}^(${c} − 1).`,
  },
};
