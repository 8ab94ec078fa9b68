import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { renderTable } from '../../src/cli/table.ts';
import { startPostgres } from '../../test/support/postgres.ts';
import { type Layout, layouts } from './partitions/layouts.ts';
import { load } from './partitions/load.ts';
import { type Cost, measure, medianOf } from './partitions/measure.ts';
import { afterCheckpoint, expire, loadSettings, measureSettings, operationsOf } from './partitions/trials.ts';
import { reconfigure } from './partitions/reconfigure.ts';

/** One line of the table: an operation on a layout of a size; the median of its trials by rate. */
interface Measurement extends Cost {
  rows: number;
  layout: string;
  operation: string;
  /** The rate of each trial. */
  trials: number[];
}

/** The size of a layout, and how long it takes to be rid of its oldest month. */
interface Upkeep {
  rows: number;
  layout: string;
  tableBytes: number;
  indexBytes: number;
  expireSeconds: number[];
}

const program = new Command('bench:partitions')
  .description('Compares ways to keep the processed events, on a durable PostgreSQL of its own.')
  .option('--rows <sizes>', 'rows, such as 1m,10m,100m', '1m')
  .option('--layouts <names>', Object.keys(layouts).join(', '), Object.keys(layouts).join(','))
  .option('--months <count>', 'months that the rows are spread over', '36')
  .option('--seconds <seconds>', 'that each trial of an operation takes', '6')
  .option('--trials <count>', 'of each operation; the median counts', '3')
  .option('--minutes <minutes>', 'that new events are written for after a checkpoint, for their WAL', '1')
  .option('--connections <count>', 'that operations are done on', '4')
  .option('--cache <size>', 'shared_buffers, the only cache that pages of tables have here', '512MB')
  .option('--out <file>', 'where all numbers go as JSON')
  .parse();
const options = program.opts<
  Record<
    'rows' | 'layouts' | 'months' | 'seconds' | 'trials' | 'minutes' | 'connections' | 'cache',
    string
  > & {
    out?: string;
  }
>();
// The server ends with this process, but only where it ends by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const months = Number(options.months);
const asked = { seconds: Number(options.seconds), connections: Number(options.connections) };
const measurements: Measurement[] = [];
const upkeeps: Upkeep[] = [];

for (const size of options.rows.split(',')) {
  for (const name of options.layouts.split(',')) {
    const layout = layouts[name];
    if (layout === undefined) throw new RangeError(`no layout ${name}`);
    await tryLayout(layout, Number(size.replace('m', '')) * 1_000_000);
  }
}
print();

/** After each layout, since the larger ones take hours. */
async function keepNumbers(): Promise<void> {
  if (options.out === undefined) return;
  const all = { settings: options, measurements, upkeeps };
  await writeFile(options.out, `${JSON.stringify(all, null, 2)}\n`);
}

async function tryLayout(layout: Layout, rows: number): Promise<void> {
  const server = await startPostgres({ durable: true });
  try {
    await reconfigure(server, loadSettings);
    await load(server.url, layout, { rows, months, connections: 2 });
    await reconfigure(server, measureSettings(options.cache));
    const operations = [...operationsOf(layout, rows, months)];
    const trials = new Map<string, Cost[]>(operations.map(([operation]) => [operation, []]));
    // Round by round, so that what disturbs the machine for a while disturbs one trial of several operations.
    for (let round = 0; round < Number(options.trials); round += 1) {
      for (const [operation, work] of operations) {
        const cost = await measure(server, work, asked);
        trials.get(operation)?.push(cost);
        console.error(`  ${layout.name}, ${operation}: ${cost.perSecond.toFixed(0)}/s`);
      }
    }
    const [operation, work] = afterCheckpoint(layout, rows, months);
    await reconfigure(server, {});
    trials.set(operation, [
      await measure(server, work, { ...asked, seconds: Number(options.minutes) * 60, warmUp: false }),
    ]);
    for (const [name, costs] of trials) {
      const rates = costs.map(({ perSecond }) => perSecond);
      measurements.push({ rows, layout: layout.name, operation: name, ...medianOf(costs), trials: rates });
    }
    await keepNumbers();
    upkeeps.push({ rows, layout: layout.name, ...(await expire(server.url, layout)) });
    await keepNumbers();
  } finally {
    await server.stop();
  }
}

function print(): void {
  const head = [
    'rows',
    'layout',
    'operation',
    '1/s',
    'all trials',
    'p50 ms',
    'p99 ms',
    'server CPU ms',
    'pages',
    'pages read',
    'WAL bytes',
  ];
  const rows = measurements.map((each) => [
    String(each.rows),
    each.layout,
    each.operation,
    each.perSecond.toFixed(0),
    each.trials.map((rate) => rate.toFixed(0)).join(' '),
    each.p50Milliseconds.toFixed(2),
    each.p99Milliseconds.toFixed(2),
    each.serverCpuMilliseconds.toFixed(3),
    each.pages.toFixed(1),
    each.pagesRead.toFixed(2),
    each.walBytes.toFixed(0),
  ]);
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);
  const sizes = upkeeps.map((each) => [
    String(each.rows),
    each.layout,
    gigabytes(each.tableBytes),
    gigabytes(each.indexBytes),
    each.expireSeconds.map((seconds) => seconds.toFixed(2)).join(' + '),
  ]);
  console.log(renderTable(head, rows));
  console.log(renderTable(['rows', 'layout', 'table GB', 'index GB', 'to expire a month, s'], sizes));
}
