/* In JupyterLite's page of a notebook, between reading its settings and starting the application. */

import { ROOT } from "./store.js";
import { STORAGE } from "./work.js";

const KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel";

async function json(address) {
  return (await fetch(address)).json();
}

/* Where Pyodide is somebody else's: one lock file out of theirs, and ours with our address. */
async function lockFile(address) {
  const [ours, theirs] = await Promise.all([
    json(`${ROOT}pyodide/pyodide-lock.json`),
    json(new URL("pyodide-lock.json", address)),
  ]);
  for (const [name, row] of Object.entries(ours.packages)) {
    theirs.packages[name] = { ...row, file_name: `${ROOT}pyodide/${row.file_name}` };
  }
  return URL.createObjectURL(new Blob([JSON.stringify(theirs)], { type: "application/json" }));
}

const settings = (await json(`${ROOT}jupyter-lite.json`))["jupyter-config-data"];
const { pyodideUrl } = settings.litePluginSettings[KERNEL];
const lock = pyodideUrl.startsWith("./") ? null : await lockFile(pyodideUrl);

/* Called when JupyterLite's settings stand in the page. */
export function adjust() {
  const place = document.getElementById("jupyter-config-data");
  const config = JSON.parse(place.textContent);
  for (const key of ["contentsStorageName", "settingsStorageName", "workspacesStorageName"]) {
    config[key] = STORAGE;
  }
  if (lock) config.litePluginSettings[KERNEL].loadPyodideOptions.lockFileURL = lock;
  place.textContent = JSON.stringify(config);
}
