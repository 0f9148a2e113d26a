/* On paper a page is light, whatever the screen shows, and what is folded is open: a sheet of paper
   cannot be clicked. Afterwards all is as it was. */
(() => {
  const root = document.documentElement;
  let theme = null;
  let opened = [];

  window.addEventListener("beforeprint", () => {
    if (theme !== null) return;
    theme = root.dataset.theme ?? "";
    root.dataset.theme = "light";
    opened = [...document.querySelectorAll("details.hide:not([open])")];
    opened.forEach((fold) => (fold.open = true));
  });

  window.addEventListener("afterprint", () => {
    root.dataset.theme = theme ?? "light";
    opened.forEach((fold) => (fold.open = false));
    theme = null;
    opened = [];
  });
})();
