// Prints a TOML file as JSON, read by the parser that Shopify's own tools use.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { parse } = createRequire(import.meta.resolve('@shopify/dev-mcp'))('toml');
process.stdout.write(JSON.stringify(parse(readFileSync(process.argv[2], 'utf8'))));
