import Table from 'cli-table3';
import pc from 'picocolors';
import { oneLine } from './one-line.ts';

/** Rows under a heading, without frames: to read, and to cut with the usual tools. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' };
  const more = { 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '' };
  const table = new Table({
    head: head.map((title) => pc.bold(title)),
    chars: { ...none, ...more, right: '', 'right-mid': '', middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(...rows.map((row) => row.map(oneLine)));
  return table.toString().replaceAll(/ +$/gm, '');
}
