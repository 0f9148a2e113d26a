/* The service worker of the browser edition. It has two tasks.

   It answers from the browser's own store once that holds every file: then there need be no network.
   What is in the store is the business of store.js; here it is only read.

   And it carries requests for files between Python, which waits for the answer, and the page, which
   has them: JupyterLite's kernel asks for /api/drive, and JupyterLite's page answers on a channel of
   that name. Answers name no question, so one is asked at a time. */

const PREFIX = `chainrule ${self.registration.scope} `; // and the version: the name of a store
const COMPLETE = new URL("complete", self.registration.scope).href; // put in last
const LIST = "files.json"; // asked of the server first: it tells of a newer version

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin) return;
  if (url.pathname.endsWith("/api/service-worker-heartbeat")) {
    event.respondWith(new Response("ok"));
  } else if (url.pathname.includes("/api/drive")) {
    event.respondWith(inTurn(event.request));
  } else if (event.request.method === "GET" && url.href.startsWith(self.registration.scope)) {
    event.respondWith(found(event.request, url));
  }
});

async function found(request, url) {
  if (url.searchParams.has("hash")) return fetch(request); // store.js fetches what is new
  const page = url.origin + url.pathname.replace(/\/$/, "/index.html");
  if (page.endsWith(`/${LIST}`)) return listed(request, page);
  return (await kept(page)) ?? fetch(request);
}

/* The list of files from the server, or the one that is kept when there is no network. */
async function listed(request, page) {
  try {
    const answer = await fetch(request);
    if (answer.ok) return answer;
  } catch {
    // No network: that is what the store is for.
  }
  return (await kept(page)) ?? Response.error();
}

async function kept(page) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX)) continue;
    const store = await caches.open(name);
    if (await store.match(COMPLETE)) return store.match(page);
  }
  return undefined;
}

const channel = new BroadcastChannel("/api/drive.v1");
const PATIENCE = 10_000; // milliseconds: a page that was closed answers nothing
let last = Promise.resolve();

function inTurn(request) {
  const answer = last.then(() => ask(request));
  last = answer.catch(() => undefined);
  return answer;
}

async function ask(request) {
  const question = await request.json();
  return new Promise((resolve) => {
    const give = (text, status) => {
      clearTimeout(waiting);
      channel.onmessage = null;
      resolve(new Response(text, { status }));
    };
    const waiting = setTimeout(() => give("{}", 504), PATIENCE);
    channel.onmessage = (message) => give(JSON.stringify(message.data), 200);
    channel.postMessage({ ...question, receiver: "broadcast.ts" });
  });
}
