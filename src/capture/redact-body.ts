import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { type JsonValue, textOf } from '../model/json.ts';
import { pointerParts, replaceAt } from '../sources/json-pointer.ts';
import { isForm } from '../sources/parse-body.ts';

/** A body without the values that are to be hidden; null where it cannot be read, so that nobody knows what it holds. */
export type BodyRedactor = (body: Buffer, contentType: string | undefined) => Buffer | null;

/**
 * Hides the values that the pointers lead to: each is replaced by a placeholder of its type, the same one for the same value, so
 * that what was equal stays equal. A `*` in a pointer stands for every element and every field, a `**` for any number of levels. The
 * rest of the body stays as it is; where nothing is hidden, to the byte.
 *
 * @param pointers - JSON Pointers; of a form, into the object of its fields
 * @param secret - without it nobody can tell what a placeholder stands for, even of what is easily guessed
 */
export function createBodyRedactor(pointers: readonly string[], secret: string): BodyRedactor {
  const paths = pointers.map(pointerParts);
  const hide = placeholders(secret);
  return (body, contentType) => {
    if (paths.length === 0 || body.length === 0) return body;
    if (!isUtf8(body)) return null;
    const text = body.toString('utf8');
    if (isForm(contentType)) return redactForm(text, paths, hide) ?? body;
    let document: JsonValue;
    try {
      document = JSON.parse(text.replace(/^\uFEFF/, '')) as JsonValue;
    } catch {
      return null;
    }
    const redacted = paths.reduce((value, path) => replaceAt(value, path, hide), document);
    return redacted === document ? body : Buffer.from(JSON.stringify(redacted));
  };
}

type Hide = (value: JsonValue) => JsonValue;

function redactForm(text: string, paths: readonly (readonly string[])[], hide: Hide): Buffer | null {
  const wanted = (name: string) =>
    paths.some(([part]) => part === undefined || part === '*' || part === name);
  const fields = [...new URLSearchParams(text)];
  if (!fields.some(([name]) => wanted(name))) return null;
  const redacted = fields.map(([name, value]): [string, string] => [
    name,
    wanted(name) ? textOf(hide(value)) : value,
  ]);
  return Buffer.from(new URLSearchParams(redacted).toString());
}

/** A placeholder for each value: of text that has an `@` an address, since adapters look for one; of a structure, its leaves. */
function placeholders(secret: string): Hide {
  const digest = (value: JsonValue) =>
    createHmac('sha256', secret).update(JSON.stringify(value)).digest('hex').slice(0, 12);
  const hide: Hide = (value) => {
    switch (typeof value) {
      case 'string':
        return value.includes('@') ? `redacted-${digest(value)}@example.com` : `redacted-${digest(value)}`;
      case 'number':
        return Number.parseInt(digest(value), 16);
      case 'boolean':
        return false;
      default:
        if (Array.isArray(value)) return value.map(hide);
        if (value === null) return null;
        return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, hide(item)]));
    }
  };
  return hide;
}
