import type { Client } from '@temporalio/client';
import { ConfigurationError } from '../errors.ts';
import { createTemporalClient, loadTemporalTarget } from '../temporal/client.ts';
import { openDataConverter } from './open-data-converter.ts';

/** The environment of a command: variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs `use` with a client, which reads what is encrypted where the keys are set, and closes its connection.
 * @throws ConfigurationError where no setting says where Temporal is, or the keys of its payloads are malformed
 */
export async function withTemporal<Result>(
  env: Environment,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const target = loadTemporalTarget(env);
  if (target === null) {
    throw new ConfigurationError(
      'No Temporal to talk to: set TEMPORAL_ADDRESS, or start everything here with "npm start" and try again.',
    );
  }
  const { dataConverter, close } = await openDataConverter(env);
  const client = createTemporalClient(target, { dataConverter });
  try {
    return await use(client);
  } finally {
    await client.connection.close();
    await close();
  }
}
