/** A text as PostgreSQL takes it: without NUL, which no column of type `text` can hold. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '');
}
