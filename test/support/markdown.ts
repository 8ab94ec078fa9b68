/** The text under a heading, up to the next one of its level or a higher one; throws where there is none. */
export function section(markdown: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const [, ...after] = `\n${markdown}`.split(`\n${heading}\n`);
  if (after.length !== 1) throw new Error(`The heading "${heading}" is there ${after.length} times.`);
  return (after[0] ?? '').split(new RegExp(`\n#{1,${level}} `))[0] ?? '';
}

/** The rows of all tables as their cells, without headings; cells that are only code lose their marks. */
export function tableRows(markdown: string): string[][] {
  const lines = markdown.split('\n');
  return lines
    .filter((line, index) => line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1] ?? ''))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
    );
}

function isRule(line: string): boolean {
  return /^\|( :?-+:? \|)+$/.test(line);
}

/** The fenced blocks of a language; `''` for those without one. */
export function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , code = '']) => code);
}

/** Where the links lead, outside of fenced blocks. */
export function links(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors that GitHub gives to the headings. */
export function anchors(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}
