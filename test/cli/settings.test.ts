import { once } from 'node:events';
import { createServer } from 'node:net';
import getPort from 'get-port';
import { describe, expect, test } from 'vitest';
import { type RunningCommand, runLandfall, startLandfall } from '../support/landfall-command.ts';

const secret = 'a-secret-of-github';
/** On which nothing listens. */
const nowhere = '127.0.0.1:1';
const sound = {
  DATABASE_URL: `postgresql://landfall:a-password-of-ours@${nowhere}/landfall`,
  TEMPORAL_ADDRESS: nowhere,
  GITHUB_WEBHOOK_SECRET: secret,
  GITHUB_TOKEN: 'a-token-of-github',
  LANDFALL_HOST: '127.0.0.1',
  LANDFALL_PORT: '0',
  LANDFALL_OPS_HOST: '127.0.0.1',
  LANDFALL_OPS_PORT: '0',
};

describe.each(['receiver', 'worker'])('landfall %s', (command) => {
  test('without settings ends with 1, and says of each that is missing what to set', async () => {
    const { exitCode, stdout, stderr } = await runLandfall([command]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    const [first, ...problems] = stderr.trimEnd().split('\n');
    expect(first).toBe('The configuration has 3 mistakes:');
    expect(problems).toEqual([
      expect.stringMatching(/^- DATABASE_URL: is not set\. .*postgresql:\/\//),
      expect.stringMatching(/^- TEMPORAL_ADDRESS: is not set\. .*localhost:7233/),
      expect.stringMatching(
        /^- LANDFALL_SOURCES: no source is on\. .*STRIPE_WEBHOOK_SECRET.*\[LANDFALL_CONFIGURATION\]$/,
      ),
    ]);
  });

  test('with wrong settings names each, and shows no secret', async () => {
    const { exitCode, stdout, stderr } = await runLandfall([command], {
      ...sound,
      DATABASE_URL: 'mysql://landfall:a-password-of-ours@db/landfall',
      LANDFALL_SHUTDOWN_GRACE: 'soon',
      LANDFALL_OPS_PROT: '3001',
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/- DATABASE_URL: must be postgresql:/);
    expect(stderr).toMatch(/- LANDFALL_SHUTDOWN_GRACE: must be a duration/);
    expect(stderr).toMatch(/- LANDFALL_OPS_PROT: .*Did you mean LANDFALL_OPS_PORT\?/);
    expectNoSecretNorStack(stdout + stderr);
  });

  test('on a port that another program has ends with 1, and names the setting', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    if (address === null || typeof address === 'string') throw new Error('The holder has no port.');
    const { exitCode, stderr } = await runLandfall([command], {
      ...sound,
      LANDFALL_OPS_PORT: String(address.port),
    });
    holder.close();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^Port ${address.port} .* another program has it. Set LANDFALL_OPS_PORT`),
    );
    expectNoSecretNorStack(stderr);
  });

  test('waits for a database that is not there yet, and ends with 0 when it is asked to stop meanwhile', async () => {
    const port = await getPort({ host: '127.0.0.1' });
    const waiting = await startLandfall([command], { ...sound, LANDFALL_OPS_PORT: String(port) });
    await until(waiting, 'the tables cannot be brought up to date: trying again');
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ temporal: 'unreachable', store: 'unreachable' });

    waiting.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await waiting.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const hidden of [secret, 'a-password-of-ours']) expect(stdout).not.toContain(hidden);
  });
});

async function until(command: RunningCommand, said: string): Promise<void> {
  await expect.poll(() => command.output(), { timeout: 30_000 }).toContain(said);
}

function expectNoSecretNorStack(said: string): void {
  for (const hidden of [secret, 'a-password-of-ours', '    at ']) expect(said).not.toContain(hidden);
}
