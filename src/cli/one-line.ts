/** A text for one line on a terminal: what a vendor sent, or somebody typed, must not steer it. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
