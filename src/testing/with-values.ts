import { ConfigurationError } from '../errors.ts';
import { isJsonObject, type JsonValue } from '../model/json.ts';
import { pointerParts } from '../sources/json-pointer.ts';

/**
 * A copy of a body with other values in some places, each named by its JSON Pointer: `withValues(sample, { '/id': 'evt_2' })`.
 *
 * @throws ConfigurationError where a place's parent is not there
 */
export function withValues(body: JsonValue, values: Readonly<Record<string, JsonValue>>): JsonValue {
  const copy = structuredClone(body);
  for (const [pointer, value] of Object.entries(values)) {
    const parts = pointerParts(pointer);
    const last = parts.pop();
    const parent = parts.reduce<JsonValue | undefined>((at, part) => child(at, part), copy);
    if (last === undefined || parent === undefined || !put(parent, last, value)) {
      throw new ConfigurationError(`The sample has no place "${pointer}".`);
    }
  }
  return copy;
}

function child(value: JsonValue | undefined, part: string): JsonValue | undefined {
  if (Array.isArray(value)) return value[Number(part)];
  return isJsonObject(value) ? value[part] : undefined;
}

function put(parent: JsonValue, part: string, value: JsonValue): boolean {
  if (Array.isArray(parent)) parent[Number(part)] = value;
  else if (isJsonObject(parent)) parent[part] = value;
  else return false;
  return true;
}
