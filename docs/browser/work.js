/* The reader's own notebooks, as JupyterLite keeps them: a row for each in the browser's database.

   A notebook that was never changed has no row; the site's own is then what opens. */

import { ROOT } from "./store.js";

// Sites on one domain share a browser's storage: this one's name says which it is.
export const STORAGE = `Chainrule ${new URL(ROOT).pathname}`;
const ASIDE = / \(set aside [^)]*\)(?=\.ipynb$)/;

function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/* `use(store)` with the table of files, or `nothing` when JupyterLite has not made it yet. */
async function withFiles(mode, nothing, use) {
  const opening = indexedDB.open(STORAGE);
  opening.onupgradeneeded = () => opening.transaction.abort(); // there is none: leave it so
  let database;
  try {
    database = await promised(opening);
  } catch {
    return nothing;
  }
  try {
    if (!database.objectStoreNames.contains("files")) return nothing;
    return await use(database.transaction("files", mode).objectStore("files"));
  } finally {
    database.close();
  }
}

/* The paths of all notebooks that were worked on. */
export function paths() {
  return withFiles("readonly", [], (files) => promised(files.getAllKeys()));
}

/* What is kept of one notebook, as JupyterLite's model of a file, or undefined. */
export function model(path) {
  return withFiles("readonly", undefined, (files) => promised(files.get(path)));
}

/* Put a notebook aside under a name that says when; the site's own is back in its place. */
export async function setAside(path) {
  const when = new Date().toLocaleString("sv-SE").replaceAll(":", ".");
  const aside = path.replace(/\.ipynb$/, ` (set aside ${when}).ipynb`);
  await withFiles("readwrite", undefined, async (files) => {
    const kept = await promised(files.get(path));
    if (kept === undefined) return;
    await promised(files.put({ ...kept, name: aside.split("/").at(-1), path: aside }, aside));
    await promised(files.delete(path));
  });
  return aside;
}

export const isAside = (path) => ASIDE.test(path);
export const plainName = (path) => path.split("/").at(-1).replace(ASIDE, "");

/* The file to hand in: named as the set is, and for the kernel that it was made for. */
export async function forHandingIn(path) {
  const [mine, original] = await Promise.all([model(path), published(path.replace(ASIDE, ""))]);
  const notebook = structuredClone(mine?.content ?? original);
  for (const key of ["kernelspec", "language_info"]) {
    notebook.metadata[key] = original.metadata[key];
  }
  const text = `${JSON.stringify(notebook, null, 1)}\n`;
  return new File([text], plainName(path), { type: "application/x-ipynb+json" });
}

/* A notebook as the site has it. */
export async function published(path) {
  const answer = await fetch(`${ROOT}files/${path}`);
  if (!answer.ok) throw new Error(`${path} could not be loaded: ${answer.status}`);
  return answer.json();
}

/* Hand a file to whoever sits before the screen. */
export function give(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/* Which of the site's notebooks a reader's own began as: its digest, kept beside it. */
const began = (path) => `${STORAGE} ${path} began as`;
export const noteOrigin = (path, hash) => localStorage.setItem(began(path), hash);
export const origin = (path) => localStorage.getItem(began(path));
