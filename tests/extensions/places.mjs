import fs from 'node:fs';

export const root = new URL('../../', import.meta.url);
export const extension = new URL('extensions/llm-guard/', root);

export const read = (path) => fs.readFileSync(new URL(path, extension), 'utf8');

/** Names of the files in one folder of the extension, or of the extension itself. */
export const files = (folder = '') => fs.readdirSync(new URL(folder ? `${folder}/` : '', extension));
