import { isJsonObject, type JsonValue } from '../model/json.ts';

/** One place in which two JSON values differ; undefined where one of them has nothing there. */
export interface JsonDifference {
  /** A JSON Pointer; empty for the whole. */
  pointer: string;
  here: JsonValue | undefined;
  there: JsonValue | undefined;
}

/**
 * The places in which two JSON values differ, in the order of the first. Objects and lists are compared place by place.
 *
 * @param most - so many at most: more are not read anyway
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */
export function compareJson(here: JsonValue, there: JsonValue, most = 200): JsonDifference[] {
  const found: JsonDifference[] = [];
  compare(here, there, '');
  return found;

  function compare(a: JsonValue | undefined, b: JsonValue | undefined, pointer: string): void {
    if (found.length >= most || a === b) return;
    const places = placesOf(a, b);
    if (places === null) {
      found.push({ pointer, here: a, there: b });
      return;
    }
    for (const [key, ofA, ofB] of places) {
      compare(ofA, ofB, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  }
}

/** What is to be compared below; null where the two are of different kinds, or plain. */
function placesOf(
  a: JsonValue | undefined,
  b: JsonValue | undefined,
): [key: string, a: JsonValue | undefined, b: JsonValue | undefined][] | null {
  const bothLists = Array.isArray(a) && Array.isArray(b);
  if (!bothLists && !(isJsonObject(a) && isJsonObject(b))) return null;
  const [ofA, ofB] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...new Set([...ofA.keys(), ...ofB.keys()])].map((key) => [key, ofA.get(key), ofB.get(key)]);
}
