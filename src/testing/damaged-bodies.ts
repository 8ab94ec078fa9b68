import { isJsonObject, type JsonValue } from '../model/json.ts';

/** In place of whatever was there. */
const replacements: readonly JsonValue[] = [null, true, 1, 1.5, '', 'x', [], {}];
/** Bounds the checks of a large sample: the places nearest to its root are damaged. */
const mostPlaces = 300;

/** The body with one place missing, or holding something else; every place in its turn. */
export function* damagedBodies(body: JsonValue): Generator<{ damaged: JsonValue; what: string }> {
  for (const path of placesIn(body).slice(0, mostPlaces)) {
    const where = path.map((part) => `/${part}`).join('');
    for (const value of replacements) {
      yield { damaged: changed(body, path, value), what: `${JSON.stringify(value)} at ${where}` };
    }
    yield { damaged: changed(body, path, undefined), what: `nothing at ${where}` };
  }
}

function placesIn(body: JsonValue): string[][] {
  const places: string[][] = [];
  const open: { value: JsonValue; path: string[] }[] = [{ value: body, path: [] }];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { value, path } = next;
    if (path.length > 0) places.push(path);
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, each] of Object.entries(value)) open.push({ value: each, path: [...path, name] });
  }
  return places;
}

/** A copy with another value in the place; undefined takes the place away. */
function changed(value: JsonValue, [part, ...rest]: readonly string[], to: JsonValue | undefined): JsonValue {
  if (part === undefined || typeof value !== 'object' || value === null) return to ?? null;
  const entries = Object.entries(value).flatMap(([name, each]) => {
    if (name !== part) return [[name, each] as const];
    if (rest.length > 0) return [[name, changed(each, rest, to)] as const];
    return to === undefined ? [] : [[name, to] as const];
  });
  return isJsonObject(value) ? Object.fromEntries(entries) : entries.map(([, each]) => each);
}
