/* Every file of the edition, kept by the browser for when there is no network.

   A version has a store of its own (the browser calls it a cache). It is filled here, and answered
   from by service-worker.js once it is marked as complete. An older one serves until then. */

export const ROOT = new URL("./", import.meta.url).href;
const PREFIX = `chainrule ${ROOT} `;
const COMPLETE = `${ROOT}complete`;
const AT_ONCE = 8;

export const possible = Boolean(globalThis.isSecureContext && navigator.serviceWorker && globalThis.caches);

export async function json(path) {
  const answer = await fetch(ROOT + path, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${path} could not be loaded: ${answer.status}`);
  return answer.json();
}

/* The list of the version that is kept whole, or null. */
export async function keptList() {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX)) continue;
    const store = await caches.open(name);
    if (await store.match(COMPLETE)) return (await store.match(`${ROOT}files.json`)).json();
  }
  return null;
}

/* Start the service worker, and wait until requests of this page go through it. */
export async function serve(appVersion) {
  // The address that JupyterLite uses, so that it finds this one and registers none.
  const script = `${ROOT}service-worker.js?enableCache=false`;
  // Without this note JupyterLite takes every service worker of this address away, others' too.
  localStorage.setItem(`${script}-version`, appVersion);
  await navigator.serviceWorker.register(script);
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
    });
  }
}

/* Keep every file of `list` (files.json). `told(bytes, of)` hears how far it is. What an older
   version has, or an attempt that broke off, is not loaded again. */
export async function keep(list, told) {
  const store = await caches.open(PREFIX + list.version);
  const olderNames = (await caches.keys()).filter(
    (name) => name.startsWith(PREFIX) && name !== PREFIX + list.version,
  );
  const older = await Promise.all(olderNames.map((name) => caches.open(name)));
  const total = list.files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  const count = (bytes) => told((done += bytes), total);
  // The largest first, so that none of them is waited for at the end.
  const waiting = [...list.files].sort((a, b) => b.size - a.size);
  const work = async () => {
    while (waiting.length) {
      const file = waiting.shift();
      const address = ROOT + file.path;
      const here = (await store.match(address)) ?? (await sameIn(older, address, file.hash));
      if (here) {
        await store.put(address, here);
        count(file.size);
      } else {
        await store.put(address, await load(address, file, count));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await store.put(`${ROOT}files.json`, answered(JSON.stringify(list), "application/json"));
  await store.put(COMPLETE, new Response(list.version));
  await Promise.all(olderNames.map((name) => caches.delete(name)));
}

async function sameIn(stores, address, hash) {
  for (const store of stores) {
    const here = await store.match(address);
    if (here?.headers.get("x-hash") === hash) return here;
  }
  return undefined;
}

/* One file from the server, whole. The address says which version of it: neither the service worker
   nor a proxy hands out an old one. */
async function load(address, file, count) {
  const answer = await fetch(`${address}?hash=${file.hash}`);
  if (!answer.ok) throw new Error(`${file.path} could not be loaded: ${answer.status}`);
  const pieces = [];
  let size = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    size += value.length;
    count(value.length);
  }
  if (size !== file.size) throw new Error(`${file.path} came with ${size} bytes of ${file.size}`);
  return answered(new Blob(pieces), answer.headers.get("content-type"), file.hash);
}

function answered(body, type, hash = "") {
  return new Response(body, { headers: { "content-type": type ?? "", "x-hash": hash } });
}
