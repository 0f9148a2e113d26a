/* A notebook that is open in JupyterLite, and the Python under it. */

const SITE = new URL("../", import.meta.url).href;
// Loads the package before the first cell wants it; links in messages then lead to this site.
const FIRST = `from chainrule import check as _c; _c.site(${JSON.stringify(SITE)}); del _c`;
const SOON = 100; // milliseconds between two looks
const PAUSE = 1_000; // milliseconds without a change, after which it is saved
const LONG = 10_000; // milliseconds to wait for a kernel to be restarted

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function until(look) {
  for (;;) {
    const seen = look();
    if (seen) return seen;
    await pause(SOON);
  }
}

/* What a cell prints that answers a *Predict* stays folded until it is clicked on. JupyterLab unfolds
   it when the cell runs, so it is folded again, once: whoever opened it wants it open. */
function foldAnswers(notebook) {
  for (const cell of notebook.widgets) {
    if (!cell.model.getMetadata("tags")?.includes("reveal")) continue;
    const fold = (model, { name, newValue }) => {
      if (name !== "executionCount" || !newValue) return;
      model.stateChanged.disconnect(fold);
      cell.outputHidden = true;
    };
    cell.model.stateChanged.connect(fold);
  }
}

export class Desk {
  /* frame: where JupyterLite goes; stop: the button; say(text): what there is to tell. */
  constructor(frame, stop, say) {
    Object.assign(this, { frame, stop, say, path: null, panel: null });
    stop.onclick = () => this.restart();
    addEventListener("pagehide", () => this.save());
    document.addEventListener("visibilitychange", () => document.hidden && this.save());
  }

  async open(path) {
    this.path = path;
    this.say("The notebook opens …");
    this.frame.hidden = false;
    this.frame.src = `notebooks/index.html?path=${encodeURIComponent(path)}`;
    const app = await until(() => this.frame.contentWindow?.jupyterapp);
    this.panel = await until(() => app.shell?.currentWidget?.context && app.shell.currentWidget);
    const { context, sessionContext } = this.panel;
    await context.ready;
    foldAnswers(this.panel.content);
    context.model.contentChanged.connect(() => this.saveSoon());
    context.saveState.connect((_, state) => state === "completed" && this.saved());
    sessionContext.statusChanged.connect((_, status) => this.changed(status));
    await this.prepare();
  }

  /* Have the package loaded, and say when cells run at once. */
  async prepare() {
    const { sessionContext } = this.panel;
    this.say("Python starts; you can read and write meanwhile …");
    await sessionContext.ready;
    const kernel = await until(() => sessionContext.session?.kernel);
    const request = { code: FIRST, silent: true, store_history: false, stop_on_error: false };
    const { content } = await kernel.requestExecute(request).done;
    this.say(content.status === "ok" ? "Python is ready." : "Python started, without the course’s package.");
  }

  changed(status) {
    this.stop.disabled = status !== "busy";
  }

  /* A page that is closed has no time to save: so that is done whenever the reader pauses. */
  saveSoon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.save(), PAUSE);
  }

  async save() {
    clearTimeout(this.waiting);
    const context = this.panel?.context;
    if (context?.isReady && !context.isDisposed) await context.save();
  }

  saved() {
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    this.say(`Saved in this browser at ${time}.`);
    navigator.storage?.persist?.();
  }

  /* End what is running, whatever it is. Names are gone, text and outputs stay. */
  async restart() {
    this.say("Stopping …");
    await this.save();
    const restarted = this.panel.sessionContext.restartKernel().then(() => true);
    if (await Promise.race([restarted, pause(LONG)])) {
      await this.prepare();
      this.say("Stopped, and Python is ready again: run your cells from the top.");
    } else {
      await this.open(this.path);
    }
  }

  /* Save, and give the notebook back. */
  async close() {
    await this.save();
    this.panel = null;
    this.frame.src = "about:blank";
    await new Promise((resolve) => this.frame.addEventListener("load", resolve, { once: true }));
  }
}
