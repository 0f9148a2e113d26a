// Training as a film: the loss so far, and which class the net gives each place of the plane.

/** 1, 2 and 5 times powers of ten, from just below to just above; few of them, if there are many. */
function onLogAxis(low, high) {
  const all = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
    for (const digit of [1, 2, 5]) all.push(Number(`${digit}e${power}`));
  }
  const logs = all.map(Math.log10);
  const first = Math.max(0, logs.findLastIndex((v) => v <= low + 1e-9));
  const last = logs.findIndex((v) => v >= high - 1e-9);
  const between = all.slice(first, Math.max(last, first + 1) + 1);
  const few = between.filter((v) => between.length < 8 || Number.isInteger(Math.log10(v)));
  return [...new Set([between[0], ...few, between.at(-1)])];
}

function training(host, data, css) {
  const { losses, frames, at, rows, columns, points, notes, extent, tints, inks } = data;
  const shapes = [
    (x, y) => `M${x - 3.4} ${y}a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0`,
    (x, y) => `M${x} ${y - 4.2}l4 7h-8z`,
    (x, y) => `M${x - 3.2} ${y - 3.2}h6.4v6.4h-6.4z`,
    (x, y) => `M${x} ${y - 4.4}l4.4 4.4l-4.4 4.4l-4.4 -4.4z`,
  ];
  const last = frames.length - 1;
  const side = 280;
  let now = 0;
  let timer = null;

  // ---- The loss, on a logarithmic scale, and a mark that runs along it.
  const box = { width: 380, height: side, left: 66, right: 12, top: 14, bottom: 40 };
  const logs = losses.map((loss) => Math.log10(Math.max(loss, 1e-12)));
  const ticks = onLogAxis(Math.min(...logs), Math.max(...logs));
  const [low, high] = [Math.log10(ticks[0]), Math.log10(ticks.at(-1))];
  const px = (i) => box.left + (i / Math.max(1, losses.length - 1)) *
    (box.width - box.left - box.right);
  const py = (v) => box.top + ((high - v) / (high - low)) * (box.height - box.top - box.bottom);
  const line = (until) => logs.slice(0, until + 1).map((v, i) =>
    `${i ? "L" : "M"}${px(i).toFixed(1)} ${py(v).toFixed(1)}`).join("");
  const past = draw("path", { class: "curve" });
  const mark = draw("circle", { class: "dot", r: 6 });
  const middle = (box.top + box.height - box.bottom) / 2;
  const curve = draw("svg", {
    viewBox: `0 0 ${box.width} ${box.height}`, width: box.width, role: "img",
    "aria-label": `Loss over ${losses.length - 1} steps, from ${show(losses[0])} to ` +
      `${show(losses.at(-1))}, logarithmic scale`,
  },
  ...ticks.map((value) => draw("g", {},
    draw("path", {
      class: "grid", d: `M${box.left} ${py(Math.log10(value))}H${box.width - box.right}`,
    }),
    draw("text", { class: "tick", x: box.left - 20, y: py(Math.log10(value)) + 4 }, show(value)))),
  draw("text", { class: "tick", x: 14, y: middle, transform: `rotate(-90 14 ${middle})` },
    "loss, in powers of ten"),
  draw("text", { class: "tick", x: box.left + 4, y: box.height - 22 }, "0"),
  draw("text", { class: "tick", x: box.width - box.right - 14, y: box.height - 22 },
    String(losses.length - 1)),
  draw("text", { class: "tick", x: (box.left + box.width) / 2, y: box.height - 8 },
    "training step"),
  draw("path", { class: "curve to-come", d: line(losses.length - 1) }), past, mark);

  // ---- The plane: one character of a frame is the class of one small square.
  const canvas = make("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const [left, right, bottom, top] = extent;
  const dots = draw("svg", { viewBox: `0 0 ${side} ${side}`, role: "img",
    "aria-label": "Points of each class over the class that the net gives each place" },
  ...points.map(([x, y, c]) => draw("path", { class: "point",
    style: `fill: light-dark(${inks[c % inks.length]}, ${tints[c % tints.length]})`,
    d: shapes[c % shapes.length](((x - left) / (right - left)) * side,
      ((top - y) / (top - bottom)) * side) })));
  const plane = make("div", { class: "plane" }, canvas, dots);

  const icons = { back: "M11 2v12L3 8z", forward: "M5 2v12l8-6z",
    play: "M2 3l6 5-6 5zM8 3l6 5-6 5z", pause: "M4 3h3v10H4zM9 3h3v10H9z" };
  const play = button("Play", icons.play, toggle, { class: "play" });
  const back = button("Back", icons.back, () => go(now - 1));
  const forward = button("Forward", icons.forward, () => go(now + 1), { class: "main" });
  const slider = make("input", { type: "range", min: 0, max: last, step: 1, value: 0,
    oninput: () => go(Number(slider.value)) });
  const said = make("p", { class: "said", "aria-live": "polite" });

  function go(to, playing = false) {
    if (!playing) stop();
    now = Math.max(0, Math.min(last, to));
    render();
  }

  function toggle() {
    if (timer !== null) return stop();
    if (now === last) go(0);
    timer = setInterval(() => {
      if (now === last || !host.isConnected) return stop();
      return go(now + 1, true);
    }, quiet() ? 1500 : 350);
    return render();
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    render();
  }

  function key(event) {
    if (event.target.tagName === "INPUT" || event.ctrlKey || event.altKey || event.metaKey) return;
    const action = { ArrowRight: () => go(now + 1), ArrowLeft: () => go(now - 1),
      Home: () => go(0), " ": event.target.tagName === "BUTTON" ? null : toggle }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  function render() {
    const context = canvas.getContext("2d");
    for (let i = 0; i < rows * columns; i++) {
      context.fillStyle = tints[Number(frames[now][i]) % tints.length];
      context.fillRect(i % columns, Math.floor(i / columns), 1, 1);
    }
    past.setAttribute("d", line(at[now]));
    mark.setAttribute("cx", px(at[now]));
    mark.setAttribute("cy", py(logs[at[now]]));
    slider.value = now;
    slider.setAttribute("aria-valuetext", `training step ${at[now]}`);
    said.replaceChildren("step ", make("b", {}, String(at[now])), " · loss ",
      make("b", {}, show(losses[at[now]])), notes[now] ? ` · ${notes[now]}` : "");
    play.querySelector("span").textContent = timer === null ? "Play" : "Pause";
    play.querySelector("path").setAttribute("d", timer === null ? icons.play : icons.pause);
    enable(back, now > 0);
    enable(forward, now < last);
  }

  card(host, css, make("div", { class: "frame plot", tabindex: "0", role: "group", onkeydown: key,
    "aria-label": "Training, frame by frame. Arrow keys step, space plays, Home starts over." },
  make("div", { class: "view two" }, curve, plane),
  make("div", { class: "bar" }, back, play, forward,
    make("label", { class: "wide" }, "frame ", slider)),
  make("div", { class: "panel" }, said)));
  render();
}
