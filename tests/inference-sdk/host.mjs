import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const program = fileURLToPath(new URL('artifacts/bin/ShopifyLlmGuard.Inference/release/ShopifyLlmGuard.Inference', root));
const model = fileURLToPath(new URL('infra/demo-model/carewell-demo.gguf', root));

/** Starts the inference host with the demo model on a free port; resolves when it serves. */
export async function startHost(...options) {
  const host = spawn(program, ['--model', model, '--urls', 'http://127.0.0.1:0', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const errors = [];
  host.stderr.on('data', (text) => errors.push(String(text)));
  const url = await new Promise((resolve, reject) => {
    createInterface(host.stdout).on('line', (line) => {
      const listening = /Now listening on: (http:\S+)/.exec(line);
      if (listening) resolve(listening[1]);
    });
    host.once('exit', (code) => reject(new Error(`the host ended with ${code}: ${errors.join('')}`)));
    host.once('error', reject);
  });
  await until(async () => (await fetch(`${url}/health`)).ok);
  return { url, errors, stop: () => { host.kill(); return once(host, 'exit'); } };
}

/** Asks until it is so, for at most half a minute. */
export async function until(isSo) {
  for (const end = Date.now() + 30_000; !(await isSo());) {
    if (Date.now() > end) throw new Error(`it did not come true in half a minute: ${isSo}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}
