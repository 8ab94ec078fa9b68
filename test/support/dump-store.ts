import { query } from './create-database.ts';

/** All rows of all tables of a store, each as JSON behind the name of its table. */
export async function dumpStore(databaseUrl: string | null): Promise<string[]> {
  if (databaseUrl === null) throw new Error('only PostgreSQL can be dumped so');
  const tables = (await query(
    databaseUrl,
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'landfall' and c.relkind = 'r'`,
  )) as { name: string }[];
  const rows: string[] = [];
  for (const { name } of tables) {
    const found = (await query(databaseUrl, `select to_json(t)::text as row from ${name} t`)) as {
      row: string;
    }[];
    rows.push(...found.map(({ row }) => `${name} ${row}`));
  }
  return rows;
}

/** Which of the texts stand in these lines, each with the line, cut. */
export function findInLines(lines: readonly string[], texts: readonly string[]): string[] {
  return lines.flatMap((line) =>
    texts.filter((text) => line.includes(text)).map((text) => `${text} in ${line.slice(0, 200)}`),
  );
}
