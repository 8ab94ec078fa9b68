import { writeFile } from 'node:fs/promises';
import pg from 'pg';
import { journal } from '../../src/store/migrations/journal.ts';

/** A statement of the store, with parameters that it was sent with. */
export interface RecordedStatement {
  text: string;
  values: unknown[];
}

/** Where those of each release are. */
export const statementsFolder = new URL('../fixtures/statements/', import.meta.url);

/**
 * Keeps what the store sends from now on, for test/store/side-by-side.test.ts, where `npm run record-statements` asks for it: one
 * example of each statement, the shortest. Those that change tables, or say so, are left out: they are not sent again later.
 *
 * @returns what writes them down, in a file with the name of the newest migration
 */
export function recordStatements(): () => Promise<void> {
  if (process.env['LANDFALL_RECORD_STATEMENTS'] === undefined) return () => Promise.resolve();
  const found = new Map<string, RecordedStatement>();
  const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  pg.Client.prototype.query = function query(this: pg.Client, ...args: unknown[]) {
    const [first, values = []] = args as [string | { text: string }, unknown[]?];
    const text = typeof first === 'string' ? first : first.text;
    if (/^\s*(select|insert|update|delete|with)\b/i.test(text) && !/processed_\d{4}|migrations/.test(text)) {
      const statement = { text, values };
      const key = shapeOf(text);
      const known = found.get(key);
      if (known === undefined || sizeOf(statement) < sizeOf(known)) found.set(key, statement);
    }
    return send.apply(this, args);
  } as typeof pg.Client.prototype.query;
  return async () => {
    pg.Client.prototype.query = send as typeof pg.Client.prototype.query;
    const { id = 0, name = '' } = journal.at(-1) ?? {};
    const file = `${String(id).padStart(4, '0')}-${name}.json`;
    const sorted = [...found.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
    await writeFile(new URL(file, statementsFolder), `${JSON.stringify(sorted, printed, 1)}\n`);
  };
}

/** The same for any number of rows, and of places in a list. */
function shapeOf(text: string): string {
  return text
    .replaceAll(/\$\d+/g, '$')
    .replaceAll(/\w+\(\)/g, 'call')
    .replaceAll(/\$(::\w+)?(, ?\$(::\w+)?)+/g, '$ list')
    .replaceAll(/(\([^()]*\))(, ?\([^()]*\))+/g, '$1');
}

function sizeOf(statement: RecordedStatement): number {
  return JSON.stringify(statement, printed).length;
}

/** A bigint as the driver sends it. */
function printed(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
