/** Lines under a heading, indented, with an empty line before it; nothing where there are none. */
export function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ['', title, ...lines.flatMap((each) => each.split('\n')).map((line) => `  ${line}`)];
}
