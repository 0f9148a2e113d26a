// Text of a page that hardly stands out from its ground: what WCAG 2 calls a contrast below 4.5.
// Looked at are an article and the widgets in it; not pictures, and not what is switched off.
() => {
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      pixel.clearRect(0, 0, 1, 1);
      pixel.fillStyle = colour;
      pixel.fillRect(0, 0, 1, 1);
      known.set(colour, [...pixel.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const over = (top, under) => [0, 1, 2].map((i) =>
    (top[3] * top[i] + (255 - top[3]) * under[i]) / 255).concat(255);
  const channel = (v) => (v <= 0.04045 * 255 ? v / 255 / 12.92
    : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parent = (one) => one.parentElement ||
    (one.getRootNode() instanceof ShadowRoot ? one.getRootNode().host : null);
  const ground = (one) => {
    const stack = [];
    for (let at = one; at; at = parent(at)) stack.unshift(rgba(getComputedStyle(at).backgroundColor));
    return stack.reduce((under, top) => over(top, under), [255, 255, 255, 255]);
  };
  const left_out = "svg, style, script, .headerlink, .copybtn, [aria-disabled=true], [disabled]";
  const pale = [];
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot) look(one.shadowRoot);
      const says = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!says || one.closest(left_out)) continue;
      if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const under = ground(one);
      const [most, least] = [over(rgba(getComputedStyle(one).color), under), under]
        .map(luminance).sort((a, b) => b - a);
      const ratio = (most + 0.05) / (least + 0.05);
      if (ratio < 4.5) pale.push(`${ratio.toFixed(2)}: ${one.textContent.trim().slice(0, 60)}`);
    }
  };
  look(document.querySelector("article") || document.body);
  return pale;
}
