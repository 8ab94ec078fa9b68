import { isJsonObject, type JsonValue } from '../model/json.ts';

/** True for a JSON Pointer: empty, or each part begun by a slash, with `~0` for a tilde and `~1` for a slash in a part. */
export function isJsonPointer(text: string): boolean {
  return /^(\/([^~/]|~[01])*)*$/.test(text);
}

/**
 * What the pointer leads to; undefined where it leads nowhere. The empty pointer is the whole document.
 *
 * @param pointer - a JSON Pointer, as `isJsonPointer` accepts it
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */
export function readPointer(document: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const part of pointerParts(pointer)) {
    value = readPart(value, part);
    if (value === undefined) return undefined;
  }
  return value;
}

/** The names on the way of a JSON Pointer, as the document has them; none for the empty one. */
export function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function readPart(value: JsonValue, part: string): JsonValue | undefined {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(part) ? value[Number(part)] : undefined;
  // Own properties only: `/constructor` is none of the document's.
  return isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}
