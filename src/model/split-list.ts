/** The items of a list in one text, without the white space around them; empty ones do not count. @param separator - @default a comma */
export function splitList(text: string, separator: string | RegExp = ','): string[] {
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
