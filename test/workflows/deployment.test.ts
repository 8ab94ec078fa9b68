import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startWorker } from '../../src/cli/start-worker.ts';
import type { VendorEvent } from '../../src/dev/demo-vendor/company.ts';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { getsWork, promoteCommand } from '../../src/temporal/deployment.ts';
import { runCommand } from '../../src/temporal/dev-server/run-command.ts';
import { type Harness, startHarness, uniqueName, withoutListing } from '../support/harness.ts';

const patience = { timeout: 60_000, interval: 200 };
const autoUpgrade = 2;

describe('Workers that are versions of a deployment', { timeout: 240_000 }, () => {
  const deploymentName = uniqueName('landfall');
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      // Its calls wait in a task queue of their own, which is of the same version.
      change: (source) => ({ ...withoutListing(source), requestsPerSecond: 100 }),
      settings: { LANDFALL_DEPLOYMENT_NAME: deploymentName, LANDFALL_BUILD_ID: 'one' },
    });
  });
  afterAll(() => harness.stop());

  /** As its command line does it; refused until the server has seen a worker of that version. */
  async function promote(buildId: string): Promise<void> {
    const { client } = harness.runtime;
    const [, ...args] = promoteCommand({ deploymentName, buildId }, client.options.namespace).split(' ');
    const run = () =>
      runCommand(inject('temporalCli'), [...args, '--address', inject('temporalAddress')], {
        environment: process.env,
      }).then(
        () => 'promoted',
        (error: unknown) => String(error),
      );
    await expect.poll(run, patience).toBe('promoted');
  }

  async function post(): Promise<VendorEvent> {
    const event = harness.vendor.createCustomer();
    expect((await harness.post(event)).status).toBe(200);
    return event;
  }

  test('get work once theirs is the current one; open runs go on with the next', async () => {
    const { runtime, vendor, source } = harness;
    const { client } = runtime;
    const one = { deploymentName, buildId: 'one' };
    const two = { deploymentName, buildId: 'two' };
    const early = await post();
    expect(await getsWork(client, one)).toBe(false);
    await promote('one');
    expect(await getsWork(client, one)).toBe(true);
    await expect(harness.event(early.id).result()).resolves.toMatchObject({ outcome: 'applied' });

    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const failing = await post();
    await expect(harness.event(failing.id).result()).rejects.toThrow();
    vendor.setFaults(noFaults);
    const deadLetter = client.workflow.getHandle(`dead-letter:${source.name}:${failing.id}`);
    const versionOf = async () => {
      const { raw } = await deadLetter.describe();
      const versioning = raw.workflowExecutionInfo?.versioningInfo;
      return { behavior: Number(versioning?.behavior), buildId: versioning?.deploymentVersion?.buildId };
    };
    await expect.poll(versionOf, patience).toEqual({ behavior: autoUpgrade, buildId: 'one' });

    const next = await startWorker({ ...runtime, config: { ...runtime.config, deployment: two } });
    expect(await getsWork(client, two)).toBe(false);
    await promote('two');
    expect([await getsWork(client, one), await getsWork(client, two)]).toEqual([false, true]);
    await harness.deadLetters.replay(
      { source: source.name, eventId: failing.id },
      { by: 'ada', reason: 'mended in build two' },
      60_000,
    );
    await expect(deadLetter.result()).resolves.toMatchObject({ resolution: 'replayed' });
    expect(await versionOf()).toEqual({ behavior: autoUpgrade, buildId: 'two' });
    const late = await post();
    await expect(harness.event(late.id).result()).resolves.toMatchObject({ outcome: 'applied' });

    // Taken back: the version before has its work again.
    await promote('one');
    await next.stop();
    const last = await post();
    await expect(harness.event(last.id).result()).resolves.toMatchObject({ outcome: 'applied' });
  });
});
