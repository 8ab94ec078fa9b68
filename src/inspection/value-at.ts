import { isJsonObject, type JsonValue } from '../model/json.ts';

/**
 * What a JSON Pointer leads to; undefined where nothing is there. Where a text stands on the way, that text: what stands for a value
 * that is hidden is also what stands for its parts.
 */
export function valueAt(document: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof value === 'string') return value;
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) value = value[Number(key)];
    else if (isJsonObject(value)) value = Object.hasOwn(value, key) ? value[key] : undefined;
    else return undefined;
  }
  return value;
}
