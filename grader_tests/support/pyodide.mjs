/* Runs jobs in Pyodide under Node: node pyodide.mjs FOLDER REPOSITORY MODULE FUNCTION < jobs > answers

   FOLDER has Pyodide and its wheels. A line of the input is a job, which FUNCTION of a module of the
   repository is called with, and a clock; a line of the output is what it answers, both in JSON.
   {"ended": why} stands for a job at which Python itself came to an end; a new one goes on.

   The clock says when something begins that has to come to an end. A second thread sends SIGALRM
   when it has not done so after SECONDS. */

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const SECONDS = 30;
const LOOK = 500; // milliseconds
const SIGALRM = 14;

async function work() {
  const { folder, repository, module, name, signals, began } = workerData;
  const { loadPyodide } = await import(`${folder}/pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL: `${folder}/`, packageCacheDir: folder });
  await pyodide.loadPackage(["numpy", "matplotlib", "ipython", "sqlite3"], { messageCallback: () => undefined });
  const nowhere = { batched: () => undefined }; // standard output is for answers
  pyodide.setStdout(nowhere);
  pyodide.setStderr(nowhere);
  pyodide.setInterruptBuffer(signals);
  pyodide.FS.mkdirTree("/repository");
  pyodide.mountNodeFS("/repository", repository);
  pyodide.runPython(`
import sys
sys.dont_write_bytecode = True
sys.path[:0] = ["/repository/src", "/repository"]
`);
  const answer = pyodide.pyimport(module)[name];
  const clock = {
    begin: () => Atomics.store(began, 0, BigInt(Date.now())),
    end: () => Atomics.store(began, 0, 0n),
  };
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

async function oversee(folder, repository, module, name) {
  const signals = new Uint8Array(new SharedArrayBuffer(1));
  const began = new BigInt64Array(new SharedArrayBuffer(8));
  const options = { workerData: { folder, repository, module, name, signals, began } };
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
