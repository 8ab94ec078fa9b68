import { ConfigurationError } from '../errors.ts';
import type { UnreadableDelivery } from '../model/dead-letter.ts';
import { isJsonObject, type JsonValue } from '../model/json.ts';
import { parseBody } from '../sources/parse-body.ts';
import { isJsonPointer, pointerParts, replaceAt } from '../sources/json-pointer.ts';

/** What of a source's deliveries and records people do not get to see. */
export interface Redaction {
  /** JSON Pointers by their parts, into bodies and into records alike; `*` is every element and field, `**` any number of levels. */
  pointers: readonly (readonly string[])[];
  /** Names of headers, in lower case. */
  headers: readonly string[];
}

export const noRedaction: Redaction = { pointers: [], headers: [] };
/** What stands for a value that is hidden. */
export const redactedText = '[redacted]';
const headerPattern = /^[\w!#$%&'*+.^`|~-]+$/;
/** Shorter values would be found in innocent words. */
const leastLength = 4;

/**
 * The rules of a list: what begins with a slash is a JSON Pointer, all else the name of a header.
 * @throws ConfigurationError where one is neither
 */
export function readRedaction(rules: readonly string[]): Redaction {
  const pointers = rules.filter((rule) => rule.startsWith('/'));
  const headers = rules.filter((rule) => !rule.startsWith('/'));
  const wrong =
    pointers.find((rule) => !isJsonPointer(rule)) ?? headers.find((rule) => !headerPattern.test(rule));
  if (wrong !== undefined) {
    throw new ConfigurationError(
      `"${wrong}" is neither a JSON Pointer such as /data/email or /**/email, nor the name of a header`,
    );
  }
  return { pointers: pointers.map(pointerParts), headers: headers.map((name) => name.toLowerCase()) };
}

/** What either of them hides. */
export function bothOf(one: Redaction, other: Redaction): Redaction {
  return { pointers: [...one.pointers, ...other.pointers], headers: [...one.headers, ...other.headers] };
}

/** The document with a mark for each value that is hidden; the same document where none is. */
export function redactJson({ pointers }: Redaction, document: JsonValue): JsonValue {
  return pointers.reduce((value, path) => replaceAt(value, path, hide), document);
}

/** The headers with a mark for the value of each that is hidden. */
export function hideHeaders({ headers }: Redaction, given: Record<string, string>): Record<string, string> {
  const hidden = new Set(headers);
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, hidden.has(name) ? redactedText : value]),
  );
}

/** A body as it was sent: of one that cannot be read nobody knows what it holds, so that all of it is hidden. */
export function redactBody(
  redaction: Redaction,
  { body, bodyEncoding }: Pick<UnreadableDelivery, 'body' | 'bodyEncoding'>,
): Pick<UnreadableDelivery, 'body' | 'bodyEncoding'> {
  if (redaction.pointers.length === 0) return { body, bodyEncoding };
  const document = bodyEncoding === 'utf8' ? parse(body) : undefined;
  if (document === undefined) return { body: redactedText, bodyEncoding: 'utf8' };
  const redacted = redactJson(redaction, document);
  return { body: redacted === document ? body : JSON.stringify(redacted), bodyEncoding: 'utf8' };
}

/** The values in these documents that are hidden, as texts: whoever fails over a record may quote them. */
export function hiddenValues({ pointers }: Redaction, documents: readonly JsonValue[]): ReadonlySet<string> {
  const found = new Set<string>();
  const note = (value: JsonValue): JsonValue => {
    for (const text of leavesOf(value)) if (text.length >= leastLength) found.add(text);
    return value;
  };
  for (const document of documents) for (const path of pointers) replaceAt(document, path, note);
  return found;
}

/** The text with a mark for each of these values, the longest first: one may be part of another. */
export function hideValues(text: string, values: ReadonlySet<string>): string {
  const longestFirst = [...values].sort((one, other) => other.length - one.length);
  return longestFirst.reduce((shown, value) => shown.replaceAll(value, redactedText), text);
}

function hide(value: JsonValue): JsonValue {
  return value === null ? null : redactedText;
}

function leavesOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  return isJsonObject(value) ? Object.values(value).flatMap(leavesOf) : [];
}

/** undefined where it is no JSON. */
function parse(text: string): JsonValue | undefined {
  try {
    return parseBody({ body: Buffer.from(text), headers: {} });
  } catch {
    return undefined;
  }
}
