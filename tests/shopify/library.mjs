// Shopify's own library, asked over stdin and stdout: what does it say about our signatures and tokens, and what would it sign?
// In:  {clientId, secret, queries: [], documents: [], tokens: [], bodies: [{body, hmac}], sign: [{name: value or [values]}], mint: [claims], deliver: [body]}
// Out: {queries: [bool], documents: [bool], tokens: [dest or null], bodies: [bool], signed: [query], minted: [token], delivered: [hmac]}
import '@shopify/shopify-api/adapters/node';
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const asked = JSON.parse(await new Response(process.stdin).text());
const require = createRequire(import.meta.url);
const esm = dirname(require.resolve('@shopify/shopify-api')).replace(/cjs\/lib$/, 'esm/lib');
const { generateLocalHmac } = await import(pathToFileURL(join(esm, 'utils/hmac-validator.mjs')));
const { createSHA256HMAC } = await import(pathToFileURL(join(esm, '../runtime/crypto/utils.mjs')));
const { SignJWT } = await import(pathToFileURL(createRequire(join(esm, 'index.mjs')).resolve('jose').replace('/cjs/', '/esm/')));

const shopify = shopifyApi({
  apiKey: asked.clientId, apiSecretKey: asked.secret, apiVersion: ApiVersion.October26 ?? '2026-10', scopes: [],
  hostName: 'example.com', isEmbeddedApp: true, logger: { level: LogSeverity.Error },
});
const each = (list, ask) => Promise.all((list ?? []).map((item) => ask(item).catch(() => false)));

const sign = generateLocalHmac({ apiSecretKey: asked.secret });
const answer = {
  queries: await each(asked.queries, (query) => shopify.utils.validateHmac(new URLSearchParams(query), { signator: 'appProxy' })),
  documents: await each(asked.documents, (query) => shopify.utils.validateHmac(Object.fromEntries(new URLSearchParams(query)))),
  tokens: await each(asked.tokens, async (token) => (await shopify.session.decodeSessionToken(token)).dest),
  bodies: await each(asked.bodies, async ({ body, hmac, topic, shop }) => (await shopify.webhooks.validate({
    rawBody: body, rawRequest: requestWith({ hmac, topic, shop }), rawResponse: {},
  })).valid),
  signed: await each(asked.sign, async (parameters) => `${new URLSearchParams(pairs(parameters))}&signature=${await sign(parameters, 'appProxy')}`),
  delivered: await each(asked.deliver, (body) => createSHA256HMAC(asked.secret, body)),
  minted: await each(asked.mint, (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(new TextEncoder().encode(asked.secret))),
};
process.stdout.write(JSON.stringify(answer));

function pairs(parameters) {
  return Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((single) => [name, single]));
}

function requestWith({ hmac, topic, shop }) {
  return { method: 'POST', url: '/webhooks/shopify', headers: {
    'x-shopify-hmac-sha256': hmac, 'x-shopify-topic': topic, 'x-shopify-shop-domain': shop, 'x-shopify-api-version': '2026-10',
    'x-shopify-webhook-id': 'b1', 'x-shopify-triggered-at': '2026-11-22T00:00:00Z',
  } };
}
