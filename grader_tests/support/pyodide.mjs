/* Runs jobs in Pyodide under Node: node pyodide.mjs FOLDER REPOSITORY MODULE < jobs > answers

   FOLDER has Pyodide and its wheels. MODULE of the repository has a function `answer(job, limit)`,
   both texts of JSON. A line of the input is a job, a line of the output its answer, in their order;
   {"ended": why} stands for one at which Python itself came to an end, and a new one goes on.

   A second thread ends what takes too long. It sends SIGALRM when a cell has run for SECONDS. */

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const SECONDS = 30;
const LOOK = 500; // milliseconds
const SIGALRM = 14;

async function work() {
  const { folder, repository, module, signals, began } = workerData;
  const { loadPyodide } = await import(`${folder}/pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL: `${folder}/`, packageCacheDir: folder });
  await pyodide.loadPackage(["numpy", "matplotlib"], { messageCallback: () => undefined });
  pyodide.setInterruptBuffer(signals);
  pyodide.FS.mkdirTree("/repository");
  pyodide.mountNodeFS("/repository", repository);
  pyodide.runPython(`
import sys
sys.dont_write_bytecode = True
sys.path[:0] = ["/repository/src", "/repository"]
`);
  const answer = pyodide.pyimport(module).answer;
  const clock = { begin: () => Atomics.store(began, 0, BigInt(Date.now())), end: () => Atomics.store(began, 0, 0n) };
  parentPort.on("message", (job) => {
    let told;
    try {
      told = answer(job, clock);
    } catch (error) {
      parentPort.postMessage(JSON.stringify({ ended: String(error).trim().split("\n").at(-1) }));
      process.exit(1);
    }
    parentPort.postMessage(told);
  });
  parentPort.postMessage("ready");
}

async function oversee(folder, repository, module) {
  const signals = new Uint8Array(new SharedArrayBuffer(1));
  const began = new BigInt64Array(new SharedArrayBuffer(8));
  const options = { workerData: { folder, repository, module, signals, began } };
  setInterval(() => {
    const since = Atomics.load(began, 0);
    if (since && Date.now() - Number(since) > SECONDS * 1000) {
      Atomics.store(began, 0, BigInt(Date.now()));
      Atomics.store(signals, 0, SIGALRM);
    }
  }, LOOK).unref();
  let worker = null;
  const next = () =>
    new Promise((resolve) => {
      worker.once("message", resolve);
      worker.once("error", (error) => resolve(JSON.stringify({ ended: String(error) })));
    });
  for await (const job of createInterface({ input: process.stdin })) {
    if (worker === null) {
      worker = new Worker(fileURLToPath(import.meta.url), options);
      const first = await next();
      if (first !== "ready") throw new Error(first);
    }
    const answered = next();
    worker.postMessage(job);
    const told = await answered;
    process.stdout.write(`${told}\n`);
    if (told.startsWith('{"ended"')) {
      await worker.terminate();
      worker = null;
      began[0] = 0n;
    }
  }
  await worker?.terminate();
}

await (isMainThread ? oversee(...process.argv.slice(2)) : work());
