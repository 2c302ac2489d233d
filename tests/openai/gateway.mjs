// OpenAI's own library against the guard's gateway, unchanged: what do its users see?
// In: {url, key: {good, broken, dead}}. Out: what each call gave, an error as {name, status, code, param}.
import OpenAI from 'openai';

const { url, key } = JSON.parse(await new Response(process.stdin).text());
let requests = 0;
const clientOf = (apiKey) => new OpenAI({ baseURL: `${url}/v1`, apiKey, fetch: (...call) => { requests += 1; return fetch(...call); } });
const client = clientOf(key.good);
const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: [{ type: 'text', text: 'When does a gateway earn trust?' }] }];
const told = async (ask) => {
  const before = requests;
  try {
    return { ...await ask(), requests: requests - before };
  } catch (error) {
    return { name: error.constructor.name, status: error.status, code: error.code, param: error.param, message: error.message, requests: requests - before, text: error.text };
  }
};
const plain = (by, more = {}) => told(async () => {
  const answer = await by.chat.completions.create({ model: 'guard', messages, ...more });
  return { text: answer.choices[0].message.content, finish: answer.choices[0].finish_reason, model: answer.model, tokens: answer.usage.total_tokens };
});
const streamed = (by, more = {}) => told(async () => {
  let text = '', finish, tokens, model;
  try {
    for await (const chunk of await by.chat.completions.create({ model: 'guard', messages, stream: true, stream_options: { include_usage: true }, ...more })) {
      text += chunk.choices[0]?.delta?.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      tokens = chunk.usage?.total_tokens ?? tokens;
      model = chunk.model;
    }
  } catch (error) {
    error.text = text;
    throw error;
  }
  return { text, finish, model, tokens };
});

console.log(JSON.stringify({
  plain: await plain(client),
  streamed: await streamed(client),
  models: (await client.models.list()).data.map((model) => model.id),
  wrongKey: await plain(clientOf('guard_000000000000_wrong')),
  wrongModel: await plain(client, { model: 'gpt-4o' }),
  wrongField: await plain(client, { temperature: 7 }),
  broken: await streamed(clientOf(key.broken)),
  dead: await plain(clientOf(key.dead)),
}));
