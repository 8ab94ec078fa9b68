import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '../model/json.ts';

/** Equal as JSON, whatever the order of keys; `fresh` as its text would be read back. */
export function sameContent(kept: JsonValue, fresh: JsonValue): boolean {
  return isDeepStrictEqual(kept, JSON.parse(JSON.stringify(fresh)));
}
