// node-llama-cpp's own batching, in this process and without HTTP: reads "parallel prompt-tokens answer-tokens first sampled" a line, says the seconds that it took.
import { createInterface } from 'node:readline';
import { getLlama } from 'node-llama-cpp';

const [modelPath, parallel, cells, batchSize, flashAttention] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: 'never', usePrebuiltBinaries: true, progressLogs: false, logLevel: 'error', maxThreads: 1 });
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
const context = await model.createContext({
  sequences: Number(parallel), contextSize: Math.floor(Number(cells) / Number(parallel)), batchSize: Number(batchSize), threads: { ideal: 1, min: 1 },
  ...(flashAttention && { flashAttention: flashAttention === 'on' }),
});
const sequences = Array.from({ length: Number(parallel) }, () => context.getSequence());
console.log('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const [count, promptTokens, answerTokens, first, sampled] = line.split(' ').map(Number);
  const began = performance.now();
  await Promise.all(sequences.slice(0, count).map((sequence, index) => answer(sequence, prompt(promptTokens, first + index), answerTokens, sampling(sampled, first + index))));
  console.log((performance.now() - began) / 1000);
  for (const sequence of sequences) await sequence.clearHistory();
}

// Letters, as in every contender: a token each.
function prompt(length, number) {
  return Array.from({ length }, (_, at) => 3 + 97 + (number * 7 + at * (1 + number % 5) + at * at % 11) % 26);
}

// As in Work.cs.
function sampling(sampled, seed) {
  return sampled ? { temperature: 0.8, topK: 40, topP: 0.95, seed } : { temperature: 0 };
}

async function answer(sequence, tokens, most, options) {
  let said = 0;
  for await (const _ of sequence.evaluate(tokens, { ...options, yieldEogToken: true })) if (++said === most) return;
  throw new Error(`It ended after ${said} tokens.`);
}
