/* The first page's circuit begins to move once it is seen, unless the reader wants no motion. Nothing
   of it is read aloud until somebody takes it in hand; Pause, a step or a key stops it. */
(() => {
  const host = document.querySelector(".chainrule-stepper");
  if (!host?.shadowRoot || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const live = host.shadowRoot.querySelector("[aria-live]");
  const play = host.shadowRoot.querySelector("button.play");
  const watch = new IntersectionObserver(([seen]) => {
    if (!seen.isIntersecting) return;
    watch.disconnect();
    live.setAttribute("aria-live", "off");
    play.click();
  }, { threshold: 0.6 });
  const taken = () => {
    watch.disconnect();
    live.setAttribute("aria-live", "polite");
  };
  for (const kind of ["pointerdown", "keydown", "focusin"]) {
    host.addEventListener(kind, taken, { once: true });
  }
  watch.observe(host);
})();
