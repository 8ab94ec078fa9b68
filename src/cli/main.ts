#!/usr/bin/env node
import { Command } from 'commander';
import { LandfallError } from '../errors.ts';
import { alertsCommand } from './commands/alerts.ts';
import { auditCommand } from './commands/audit.ts';
import { bulkCommand } from './commands/bulk.ts';
import { codecServerCommand } from './commands/codec-server.ts';
import { createSourceCommand } from './commands/create-source.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { demoVendorCommand } from './commands/demo-vendor.ts';
import { devCommand } from './commands/dev.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eraseCommand } from './commands/erase.ts';
import { eventsCommand } from './commands/events.ts';
import { findCommand } from './commands/find.ts';
import { holdsCommand } from './commands/holds.ts';
import { listenCommand } from './commands/listen.ts';
import { migrateCommand } from './commands/migrate.ts';
import { receiverCommand } from './commands/receiver.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { recordsCommand } from './commands/records.ts';
import { replayCommand } from './commands/replay.ts';
import { reportsCommand } from './commands/reports.ts';
import { sendCommand } from './commands/send.ts';
import { sourcesCommand } from './commands/sources.ts';
import { workerCommand } from './commands/worker.ts';
import { addCompletion } from './completion.ts';
import { readDevState } from './dev-state.ts';
import { exitCodeOf } from './exit-codes.ts';
import { knownValues } from './known-values.ts';
import type { Environment } from './with-temporal.ts';

const env = process.env;

/** What commands see: where `landfall dev` runs here, its addresses and secrets; what is set by hand comes first. */
async function environment(): Promise<Environment> {
  if (env['TEMPORAL_ADDRESS'] !== undefined) return env;
  const dev = await readDevState(env['LANDFALL_DATA_DIRECTORY'] ?? '.landfall');
  return { ...dev?.env, ...env };
}

const program = new Command('landfall')
  .description('Every change a vendor announces by webhook lands once and in the right final state.')
  .showHelpAfterError('(landfall --help lists the commands)')
  .addCommand(devCommand(env))
  .addCommand(receiverCommand(env))
  .addCommand(workerCommand(env))
  .addCommand(codecServerCommand(env))
  .addCommand(sendCommand(environment))
  .addCommand(listenCommand(environment))
  .addCommand(deadLettersCommand(environment))
  .addCommand(findCommand(environment))
  .addCommand(eventsCommand(environment))
  .addCommand(recordsCommand(environment))
  .addCommand(bulkCommand(environment))
  .addCommand(auditCommand(environment))
  .addCommand(holdsCommand(environment))
  .addCommand(alertsCommand(environment))
  .addCommand(replayCommand(environment))
  .addCommand(reconcileCommand(environment))
  .addCommand(eraseCommand(environment))
  .addCommand(reportsCommand(environment))
  .addCommand(sourcesCommand(environment))
  .addCommand(doctorCommand(environment))
  .addCommand(migrateCommand(environment))
  .addCommand(createSourceCommand())
  .addCommand(demoVendorCommand());
await addCompletion(program, process.argv.slice(2), knownValues(environment));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  if (error instanceof LandfallError) {
    console.error(`${error.message} [${error.code}]`);
    const { cause } = error;
    if (env['LANDFALL_LOG_LEVEL'] === 'debug' && cause !== undefined) console.error(cause);
  } else if (error instanceof Error && error.name === 'InvalidArgumentError') {
    console.error(error.message);
  } else {
    console.error('This should not have happened; please report it:', error);
  }
}
// What goes into a pipe is written bit by bit: a body of 25 MiB has not all gone yet.
await Promise.all([process.stdout, process.stderr].map(allWritten));
// A native runtime, a pool or a timer must not keep a finished command alive.
process.exit();

/** Resolves as well where nobody reads any more. */
function allWritten(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
