// OpenAI's own client for Node against the inference host and its demo model.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { startHost, until } from './host.mjs';

const messages = [
  { role: 'system', content: 'You help shoppers.\n[1] Travel Monitor: a small case; cuff for upper arm\n[2] Walking Cane: folds; rubber foot' },
  { role: 'user', content: 'Which monitor is good for travel?' },
];
const model = 'carewell-demo';
let host;
let openai;
const clientOf = (apiKey) => new OpenAI({ apiKey, baseURL: `${host.url}/v1`, maxRetries: 0, timeout: 60_000 });

before(async () => {
  host = await startHost('--Inference:ApiKey', 'sesame', '--Inference:QueueLength', '1');
  openai = clientOf('sesame');
});

after(async () => {
  await host?.stop();
  assert.deepEqual(host?.errors, []);
});

test('a plain answer', async () => {
  const answer = await openai.chat.completions.create({ model, messages, temperature: 0, max_completion_tokens: 100 });

  assert.equal(answer.object, 'chat.completion');
  assert.match(answer.choices[0].finish_reason, /^(stop|length)$/);
  assert.match(answer.choices[0].message.content, /\w/);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test('a stream says the same, and its usage last', async () => {
  const plain = await openai.chat.completions.create({ model, messages, temperature: 0, max_tokens: 100 });
  const chunks = [];
  for await (const chunk of await openai.chat.completions.create({
    model, messages, temperature: 0, max_tokens: 100, stream: true, stream_options: { include_usage: true },
  })) chunks.push(chunk);

  const last = chunks.at(-1);
  assert.deepEqual(last.usage, plain.usage);
  assert.deepEqual(last.choices, []);
  assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), plain.choices[0].message.content);
  assert.equal(chunks.at(-2).choices[0].finish_reason, plain.choices[0].finish_reason);
});

test('a stream without usage does not speak of it', async () => {
  for await (const chunk of await openai.chat.completions.create({ model, messages, max_tokens: 5, stream: true })) {
    assert.ok(!('usage' in chunk));
  }
});

test("the client's own stream gathers the answer", async () => {
  const stream = openai.chat.completions.stream({ model, messages, temperature: 0, max_tokens: 60 });

  assert.match((await stream.finalChatCompletion()).choices[0].message.content, /\w/);
});

test('an answer of a schema is parsed by the client', async () => {
  const schema = {
    type: 'object',
    properties: {
      products: { type: 'array', items: { enum: ['gid://shopify/Product/11', 'gid://shopify/Product/112'] }, minItems: 1, maxItems: 2 },
      confidence: { type: 'string', enum: ['low', 'high'] },
    },
    required: ['products', 'confidence'],
    additionalProperties: false,
  };
  const answer = await openai.chat.completions.parse({
    model, messages, max_tokens: 200, response_format: { type: 'json_schema', json_schema: { name: 'pick', strict: true, schema } },
  });
  const { parsed } = answer.choices[0].message;

  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.ok(parsed.products.length >= 1 && parsed.products.length <= 2);
  assert.ok(parsed.products.every((id) => /^gid:\/\/shopify\/Product\/(11|112)$/.test(id)));
  assert.match(parsed.confidence, /^(low|high)$/);
});

test('a choice can be no other', async () => {
  for (const seed of [1, 2, 3]) {
    const answer = await openai.chat.completions.create({ model, messages, seed, temperature: 2, structured_outputs: { choice: ['[1]', '[2]'] } });
    assert.match(answer.choices[0].message.content, /^\[[12]\]$/);
  }
});

test('a schema that is cut off says so', async () => {
  const answer = openai.chat.completions.parse({
    model, messages, max_tokens: 5,
    response_format: { type: 'json_schema', json_schema: { name: 'text', schema: { type: 'string', minLength: 100, maxLength: 200 } } },
  });

  await assert.rejects(answer, OpenAI.LengthFinishReasonError ?? /length limit was reached/);
});

test('refusals are the errors that the client has for them', async () => {
  const create = (body, client = openai) => client.chat.completions.create({ model, messages, ...body });
  await assert.rejects(create({}, clientOf('sesam')), (error) => error instanceof OpenAI.AuthenticationError && error.code === 'invalid_api_key');
  await assert.rejects(create({ temperature: -1 }), (error) => error instanceof OpenAI.BadRequestError && error.param === 'temperature');
  await assert.rejects(
    create({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'string', pattern: 'a' } } } }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === 'response_format.json_schema.schema.pattern');
  await assert.rejects(openai.embeddings.create({ model, input: 'hello' }), (error) =>
    error instanceof OpenAI.BadRequestError && error.code === 'embeddings_not_supported');
  await assert.rejects(openai.models.retrieve('gpt-5'), (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found');
  await assert.rejects(openai.completions.create({ model, prompt: 'hello' }), OpenAI.NotFoundError);
});

test('the models are listed and found', async () => {
  assert.deepEqual((await openai.models.list()).data.map((card) => card.id), [model]);
  assert.equal((await openai.models.retrieve(model)).id, model);
});

test('a full host is a rate limit error', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 40 }, () => openai.chat.completions.create({
    model, messages, max_tokens: 250, response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'string', minLength: 200 } } },
  })));
  const refused = asked.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);

  assert.ok(refused.length > 0);
  assert.ok(refused.every((error) => error instanceof OpenAI.RateLimitError), String(refused[0]));
  assert.ok(refused.every((error) => Number(error.headers.get('retry-after')) > 0));
  assert.ok(refused.length < asked.length);
});

test('a caller who leaves frees the model', async () => {
  const stream = await openai.chat.completions.create({
    model, messages, stream: true, max_tokens: 300,
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'string', minLength: 1900 } } },
  });
  for await (const _ of stream) stream.controller.abort();

  await until(async () => (await (await fetch(`${host.url}/health`)).json()).running === 0);
});
