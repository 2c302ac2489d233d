// Portkey 1.15.2 appends headers to the very response that fetch gave it. For streams Node's fetch makes those immutable, and the
// gateway answers each with a 500. Handing it a copy with headers of its own lets it stream; nothing else about it changes.
const original = globalThis.fetch;
const withoutBody = [101, 204, 205, 304];

globalThis.fetch = async (...request) => {
  const response = await original(...request);
  return withoutBody.includes(response.status)
    ? response
    : new Response(response.body, { status: response.status, statusText: response.statusText, headers: response.headers });
};
