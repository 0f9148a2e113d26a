/* The page around a notebook: what is kept, what is running, and the three buttons.

   `?open=ps1_scalar_circuits` opens a notebook by its name; without it the page lists all of them. */

import * as store from "./store.js";
import * as work from "./work.js";
import { Desk } from "./running.js";

const $ = (id) => document.getElementById(id);
const say = (text) => ($("state").textContent = text);
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/* A question before something is taken away; true when the answer is yes. */
function ask(text, yes) {
  const box = $("ask");
  box.querySelector("p").textContent = text;
  box.querySelector(".main").textContent = yes;
  box.returnValue = "";
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener("close", () => resolve(box.returnValue === "yes"), { once: true });
  });
}

/* A line over the notebook with one thing that can be done about it. */
function offer(text, action, act) {
  $("notice").hidden = false;
  $("notice").querySelector("span").textContent = text;
  const button = $("notice").querySelector("button");
  button.textContent = action;
  button.onclick = async () => {
    $("notice").hidden = true;
    await act();
  };
}

async function load(list) {
  $("loading").hidden = false;
  await store.keep(list, (done, total) => {
    $("progress").value = done / total;
    $("loading").querySelector("label").textContent =
      `Loading ${megabytes(done)} of ${megabytes(total)}`;
  });
  $("loading").hidden = true;
}

/* Keep the edition, where the browser allows it. Returns the list of the files that are used: those
   that are kept, until the reader wants the newer ones of the server. */
async function prepare(course) {
  const list = await store.json("files.json");
  const total = list.files.reduce((sum, file) => sum + file.size, 0);
  $("size").textContent = `${megabytes(total)} are loaded once.`;
  $("version").textContent = `Chainrule ${course.package}, edition ${list.version}`;
  if (!store.possible) {
    $("size").textContent = "Not here: browsers keep pages only from https:// or from localhost.";
    return list;
  }
  await store.serve(course.jupyterlite);
  const kept = await store.keptList();
  if (kept === null) {
    await load(list);
  } else if (kept.version !== list.version) {
    $("version").textContent = `Chainrule, edition ${kept.version}`;
    offer("There is a newer version of the course.", "Get it, keep my work", async () => {
      await desk?.save();
      await load(list);
      location.reload();
    });
    return kept;
  }
  return list;
}

/* Only one tab works on the notebooks: two would write over each other. */
function takeOver(away) {
  if (!navigator.locks) return;
  const forever = () => new Promise(() => undefined);
  navigator.locks.request(work.STORAGE, { steal: true }, forever).catch(away);
}

/* ---- The list of all notebooks. */

function row(book, path, note, mine) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `?open=${encodeURIComponent(path === book.path ? book.name : path)}`;
  link.textContent = book.title;
  const said = document.createElement("span");
  said.textContent = note;
  item.append(link, said);
  if (mine) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Download";
    button.onclick = async () => work.give(await work.forHandingIn(path));
    item.append(button);
  }
  return item;
}

async function listAll(course) {
  const mine = await work.paths();
  for (const book of course.notebooks) {
    const begun = mine.includes(book.path);
    const place = book.kind === "lecture" ? $("lectures") : $("sets");
    place.append(row(book, book.path, begun ? "begun" : "", begun));
  }
  for (const path of mine.filter(work.isAside).sort()) {
    const book = course.notebooks.find(({ path: of }) => of.split("/").at(-1) === work.plainName(path));
    if (!book) continue;
    $("aside").hidden = false;
    $("aside").querySelector("ul").append(row(book, path, path.match(/set aside ([^)]*)/)[1], true));
  }
}

/* ---- One notebook. */

let desk = null;

async function open(course, list, path) {
  const book = course.notebooks.find((one) => one.path === path);
  const hash = list.files.find((file) => file.path === `files/${path}`)?.hash;
  if (book && !(await work.model(path))) work.noteOrigin(path, hash);
  else if (book && work.origin(path) && work.origin(path) !== hash) {
    offer("This notebook has changed since you began it.", "Get the new one, keep mine", startOver);
  }
  $("front").hidden = true;
  desk = new Desk($("frame"), $("stop"), say);
  await desk.open(path);
}

async function startOver() {
  const { path } = desk;
  await desk.close();
  await work.setAside(path);
  location.reload();
}

async function download() {
  await desk.save();
  work.give(await work.forHandingIn(desk.path));
}

async function main() {
  const course = await store.json("course.json");
  const wanted = new URLSearchParams(location.search).get("open");
  const book = course.notebooks.find(({ name, path }) => name === wanted || path === wanted);
  const path = book?.path ?? (wanted && work.isAside(wanted) ? wanted : null);
  if (path === null) {
    await listAll(course);
    await prepare(course);
    say(wanted ? `There is no notebook “${wanted}”.` : "Choose a notebook.");
    return;
  }
  $("title").textContent = book?.title ?? path;
  document.title = `${$("title").textContent} – Chainrule`;
  takeOver(async () => {
    await desk?.close();
    $("actions").hidden = true;
    say("You went on in another tab. What you did here is saved; reload this one to go on here.");
  });
  say("Your notebook opens as soon as everything is here.");
  const list = await prepare(course);
  $("actions").hidden = false;
  $("start-over").hidden = !book;
  $("download").onclick = download;
  $("start-over").onclick = async () => {
    const told = "The notebook as it came takes the place of yours. Yours is set aside, and stays on the list of all notebooks.";
    if (await ask(told, "Start over")) await startOver();
  };
  await open(course, list, path);
}

main().catch((error) => {
  say(`This did not work: ${error.message}. Reload the page to try again.`);
  throw error;
});
