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

/**
 * The document with what the path leads to replaced; the same document where it leads nowhere. A `*` stands for every element and
 * every field, a `**` for any number of levels, none included.
 *
 * @param path - of `pointerParts`
 */
export function replaceAt(
  value: JsonValue,
  path: readonly string[],
  replace: (value: JsonValue) => JsonValue,
): JsonValue {
  const [part, ...rest] = path;
  if (part === undefined) return replace(value);
  if (part === '**') {
    const here = replaceAt(value, rest, replace);
    return rest.length === 0 ? here : mapEach(here, (item) => replaceAt(item, path, replace));
  }
  return mapEach(value, (item, name) =>
    part === '*' || part === name ? replaceAt(item, rest, replace) : item,
  );
}

/** The elements or fields through `change`; the same value where none of them is changed. */
function mapEach(value: JsonValue, change: (item: JsonValue, name: string) => JsonValue): JsonValue {
  if (Array.isArray(value)) {
    const changed = value.map((item, index) => change(item, String(index)));
    return changed.some((item, index) => item !== value[index]) ? changed : value;
  }
  if (!isJsonObject(value)) return value;
  const changed = Object.entries(value).map(([name, item]) => [name, change(item, name)] as const);
  return changed.some(([name, item]) => item !== value[name]) ? Object.fromEntries(changed) : value;
}

function readPart(value: JsonValue, part: string): JsonValue | undefined {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(part) ? value[Number(part)] : undefined;
  // Own properties only: `/constructor` is none of the document's.
  return isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}
