import { html as template } from 'hono/html';

/** A piece of a page. Only `html` makes it, so whatever came from outside has been escaped in it. */
export type Html = Awaited<ReturnType<typeof template>>;
/** What may stand in a piece: text, which is escaped, other pieces, lists of both, or nothing. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

/**
 * A template whose values are escaped, unless they are pieces themselves. Attributes must stand in double quotes.
 *
 * @throws TypeError where a value is anything else: an object of a vendor's must not be able to pose as a piece
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  for (const value of values) requireContent(value);
  const piece = template(strings, ...values);
  // The template is one only where a value is, and none passed.
  if (piece instanceof Promise) throw new TypeError('a page waits for nothing');
  return piece;
}

function requireContent(value: unknown): void {
  if (Array.isArray(value)) {
    for (const each of value) requireContent(each);
    return;
  }
  const fits =
    value === null ||
    value === undefined ||
    value === false ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    value instanceof String;
  if (!fits) throw new TypeError(`${typeof value} cannot stand in a page`);
}
