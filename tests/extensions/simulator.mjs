// The built shop simulator, really running, in front of an app that the test plays.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { root } from './places.mjs';

export const secret = 'hush';
export const installation = 'gid://shopify/AppInstallation/1';

function program() {
  const builds = ['release', 'debug']
    .map((name) => fileURLToPath(new URL(`artifacts/bin/ShopifyLlmGuard.Simulator/${name}/ShopifyLlmGuard.Simulator`, root)))
    .filter((path) => fs.existsSync(`${path}.dll`))
    .sort((one, other) => fs.statSync(`${other}.dll`).mtimeMs - fs.statSync(`${one}.dll`).mtimeMs);
  if (!builds.length) throw new Error('The simulator is not built: dotnet build tests/ShopifyLlmGuard.Simulator');
  return builds[0];
}

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** An app that keeps what it was asked and answers what the test wants: `app.answers = (request, response) => {}`. */
export async function playApp() {
  const app = { asked: [], answers: (_, response) => response.end('{}') };
  app.server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part)).on('end', () => {
      app.asked.push({ method: request.method, url: request.url, headers: request.headers, body });
      app.answers(request, response);
    });
  });
  await new Promise((resolve) => app.server.listen(0, '127.0.0.1', resolve));
  app.url = `http://127.0.0.1:${app.server.address().port}`;
  app.stop = () => new Promise((resolve) => {
    app.server.close(resolve);
    app.server.closeAllConnections();
  });
  return app;
}

export async function startSimulator(settings = {}) {
  const url = `http://localhost:${await freePort()}`;
  const path = program();
  const log = [];
  const child = spawn(path, ['--urls', url, '--contentRoot', fileURLToPath(new URL('tests/ShopifyLlmGuard.Simulator/', root))], {
    env: { ...process.env, Simulator__Url: url, Simulator__ClientSecret: secret, Simulator__Shop: 'shop-name.myshopify.com',
      Simulator__Platform__InstallAtStart: 'false', ...settings },
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => log.push(text));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  for (let tries = 0; !(await fetch(`${url}/cart.js`).catch(() => null))?.ok; tries++) {
    if (child.exitCode !== null || tries > 300) throw new Error(`The simulator does not answer:\n${log.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  const put = async (path, body) => {
    const answer = await fetch(`${url}/simulator/${path}`, { method: 'PUT', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  };
  return {
    url,
    page: async (path, headers = {}) => {
      const answer = await fetch(url + path, { headers: { 'Accept-Language': 'en', ...headers } });
      return { status: answer.status, html: await answer.text() };
    },
    setMetafield: (owner, key, value, type = 'json') => put('metafields', { owner, namespace: 'guard', key, type, value }),
    setBlock: (handle, block) => put(`blocks/${handle}`, block),
    async stop() {
      child.kill();
      await ended;
    },
  };
}
