import { readFileSync } from 'node:fs';
import type { JsonValue } from '../model/json.ts';

/** A sample body from a JSON file beside the test: `readSample(new URL('acme.sample.json', import.meta.url))`. */
export function readSample(file: URL): JsonValue {
  return JSON.parse(readFileSync(file, 'utf8')) as JsonValue;
}
