import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

/** Writes a page of Markdown as `npm run format` wants it. */
export async function writePage(page: URL, text: string): Promise<void> {
  const file = fileURLToPath(page);
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

/** A table of Markdown. @param rules - below each title, such as `--:` for numbers. @default `---` */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rules: readonly string[] = head.map(() => '---'),
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(rules), ...rows.map(line)].join('\n');
}
