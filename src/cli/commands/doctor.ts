import { Command } from 'commander';
import pc from 'picocolors';
import { type Config, loadConfig } from '../../config/load.ts';
import { ConfigurationError } from '../../errors.ts';
import { createRedactor } from '../../monitoring/redactor.ts';
import type { SourceDefinition } from '../../sources/define-source.ts';
import { checkCredentials, checkSources } from '../doctor/check-sources.ts';
import { checkStore } from '../doctor/check-store.ts';
import { checkTemporal } from '../doctor/check-temporal.ts';
import { attempt, type Finding, failure, ok } from '../doctor/finding.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-codes.ts';
import { sourcesWithHandlers } from '../runtime.ts';
import { findDefinitions } from '../source-definitions.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall doctor`: whether all that Landfall needs is as it has to be, and how to mend what is not. Changes nothing. */
export function doctorCommand(environment: () => Promise<Environment>): Command {
  return new Command('doctor')
    .description('check the set-up, and say how to mend what is wrong; changes nothing')
    .option('--offline', 'ask no vendor whether it takes the credentials')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('landfall doctor', 'landfall doctor --offline --json'))
    .action(async ({ offline = false, json = false }: { offline?: boolean; json?: boolean }) => {
      const findings = await examine(await environment(), { offline });
      const isWell = findings.every(({ level }) => level !== 'failure');
      if (json) console.log(JSON.stringify({ ok: isWell, findings }));
      else for (const finding of findings) print(finding);
      process.exitCode = isWell ? exitCodes.done : exitCodes.failed;
    });
}

async function examine(env: Environment, { offline }: { offline: boolean }): Promise<Finding[]> {
  const read = await readSettings(env);
  if ('mistakes' in read) return read.mistakes;
  const { config, definitions } = read;
  // Told in this order, looked at together: each of them waits for somebody else.
  const found = await Promise.all([
    checkSources(config.sources),
    checkHandlers(config),
    offline ? [] : checkCredentials(config.sources, definitions),
    checkTemporal(env, config),
    checkStore(config),
  ]);
  // A vendor or a driver may repeat in its message what it was given.
  const redact = createRedactor(config.secrets);
  return [
    ok('settings', 'the settings can be read'),
    ...found.flat().map((finding) => ({ ...finding, text: redact(finding.text) })),
  ];
}

/** Nothing else can be looked at with settings that nobody understands. */
async function readSettings(
  env: Environment,
): Promise<{ config: Config; definitions: readonly SourceDefinition[] } | { mistakes: Finding[] }> {
  try {
    const definitions = await findDefinitions(env);
    return { config: loadConfig(env, { mode: 'command', definitions }), definitions };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const [first = '', ...mistakes] = error.message.split('\n- ');
    const mend = 'set it as it says, and see docs/configuration.md';
    return {
      mistakes: (mistakes.length === 0 ? [first] : mistakes).map((text) => failure('settings', text, mend)),
    };
  }
}

async function checkHandlers(config: Config): Promise<readonly Finding[]> {
  const { handlersModule } = config;
  if (handlersModule === null) return [];
  return attempt('handlers', 'mend the module that LANDFALL_HANDLERS names', async () => {
    const sources = await sourcesWithHandlers(config);
    const names = sources.flatMap((source) => source.handlers.map(({ name }) => name));
    return [ok('handlers', `${names.length} handlers from ${handlersModule}`)];
  });
}

const marks = { ok: pc.green('ok     '), warning: pc.yellow('warning'), failure: pc.red('failure') };

function print({ level, text, mend }: Finding): void {
  console.log(`${marks[level]} ${text}`);
  if (mend !== null) console.log(`        → ${mend}`);
}
