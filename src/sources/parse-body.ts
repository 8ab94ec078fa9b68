import { UnreadableEventError } from '../errors.ts';
import type { JsonValue } from '../model/json.ts';

/** The bytes of a body and its headers by lower-case name, of which only the content type matters. */
interface Bytes {
  body: Buffer;
  headers: Readonly<Record<string, string | undefined>>;
}

/**
 * How deep JSON may be nested. No vendor's is a twentieth as deep, but 25 MiB of opening brackets take a JSON parser many
 * seconds, in which a receiver answers nobody; and whoever prints such a value, or keeps it in a table, runs out of stack.
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-9
 */
const maxDepth = 500;

/**
 * The body as an adapter gets it: JSON, or the fields of a form.
 * @throws UnreadableEventError where it is neither
 */
export function parseBody({ body, headers }: Bytes): JsonValue {
  const text = asUtf8(body);
  if (text === null) throw new UnreadableEventError('The body is not UTF-8.');
  // RFC 8259 lets a reader pass over a byte order mark.
  const unmarked = text.replace(/^\uFEFF/, '');
  if (isForm(headers['content-type'])) return parseForm(unmarked);
  assertShallow(body);
  return parseJson(unmarked);
}

/** Whether a body of this content type is a form. */
export function isForm(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType ?? '');
}

/** The bytes as text, a byte order mark included; null where they are not UTF-8. */
export function asUtf8(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}

/** Each field by its name; of a field that comes several times, its values. */
function parseForm(text: string): JsonValue {
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  if (fields.size === 0) throw new UnreadableEventError('The body is empty.');
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

function parseJson(text: string): JsonValue {
  if (text.trim() === '') throw new UnreadableEventError('The body is empty.');
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    // The engine quotes the body in its message: it is told on without, and not kept as the cause.
    const why = error instanceof Error ? error.message.replace(/,? ?(?:\.\.\.)?".*$/s, '') : '';
    throw new UnreadableEventError(`The body is not JSON${why === '' ? '' : `: ${why}`}.`);
  }
}

const quote = 0x22;
const backslash = 0x5c;
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Counts brackets outside of texts, in one pass over the bytes: no byte of a longer UTF-8 character looks like one. */
function assertShallow(body: Buffer): void {
  let depth = 0;
  let inText = false;
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index] ?? 0;
    if (inText) {
      if (byte === backslash) index += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === openArray || byte === openObject) {
      depth += 1;
      if (depth > maxDepth) {
        throw new UnreadableEventError(`The body is JSON nested more than ${maxDepth} deep.`);
      }
    } else if (byte === closeArray || byte === closeObject) depth -= 1;
  }
}
