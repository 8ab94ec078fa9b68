import { createServer } from 'node:http';
import express from 'express';
import { z } from 'zod';
import { ConfigurationError } from '../../errors.ts';
import { createVendorApi, requireToken } from './api.ts';
import { changeSomething } from './change-something.ts';
import { createChanger } from './changer.ts';
import type { VendorEvent } from './company.ts';
import { createControl } from './control.ts';
import { openCrm } from './crm.ts';
import type { DemoVendor } from './demo-vendor.ts';
import { noFaults } from './faults.ts';
import { createLedger } from './ledger.ts';
import { listen } from './listen.ts';
import { newSecret, openCompany } from './open-company.ts';
import { demoVendorOptionsSchema, type DemoVendorOptions } from './options.ts';
import { createPauses } from './pauses.ts';
import { plainPlan, planDelivery } from './plan-delivery.ts';
import { createPublisher } from './publisher.ts';
import { createSender } from './sender.ts';
import { createStateFile } from './state-file.ts';

/** What the vendor needs of the world around it. */
export interface DemoVendorDependencies {
  now: () => number;
  /** Hears of what goes wrong without ending the vendor. */
  warn: (message: string, error: unknown) => void;
}

/**
 * Starts the demo vendor on 127.0.0.1.
 *
 * @throws ConfigurationError where an option is wrong, the port is taken, or the state file holds something else
 */
export async function startDemoVendor(
  options: DemoVendorOptions,
  { now, warn }: DemoVendorDependencies,
): Promise<DemoVendor> {
  const parsed = demoVendorOptionsSchema.safeParse(options);
  if (!parsed.success) {
    throw new ConfigurationError(`The demo vendor's options are wrong: ${z.prettifyError(parsed.error)}`);
  }
  const settings = parsed.data;
  const { stateFile, requestsPerSecond } = settings;
  let { faults } = settings;
  let targets: readonly string[] = settings.target === null ? [] : [settings.target];
  let attempts = 0;
  const closing = new AbortController();
  const { signal } = closing;

  const { company, random, secret, token, outstanding } = await openCompany(settings, now);
  const ledger = createLedger();
  const pauses = createPauses(signal);
  const sender = createSender({
    ...settings,
    target: () => targets[attempts++ % targets.length] ?? null,
    now,
    pauses,
    signal,
    attempted: ({ id }, attempt) => ledger.attempted(id, attempt),
  });
  const state = createStateFile(
    stateFile,
    () => ({ format: 1, secret, token, company: company.state(), outstanding: publisher.outstanding() }),
    warn,
  );
  const keep = () => {
    state.changed();
    return state.kept();
  };
  const publisher = createPublisher({ sender, ledger, pauses, now, secret, wrongSecret: newSecret(), keep });
  const publish = (event: VendorEvent) => publisher.publish(event, planDelivery(faults, random.faults));
  const size = settings.customers + settings.orders;
  const changer = createChanger({
    change: () => changeSomething(company, size, faults, random.company),
    publish: (event) => void publish(event),
    perSecond: settings.changesPerSecond,
    random: random.company,
    pauses,
    signal,
  });
  const changed = (event: VendorEvent) => {
    state.changed();
    return event;
  };

  const crm = await openCrm(stateFile === null ? null : `${stateFile}.crm`, () => faults, random.api);
  const app = express();
  const server = createServer(app);
  const vendor: DemoVendor = {
    url: await listen(server, settings.port),
    secret,
    token,
    sendTo: (...next) => {
      targets = next;
    },
    startChanging: () => changer.start(),
    stopChanging: () => changer.stop(),
    setFaults: (next) => {
      faults = next;
    },
    settle: async () => {
      changer.stop();
      faults = noFaults;
      pauses.hurry(1_000);
      await publisher.idle();
      pauses.relax();
      return vendor.snapshot();
    },
    snapshot: () => ({ takenAt: new Date(now()).toISOString(), records: company.records() }),
    ledger: () => ({ counts: ledger.counts(), entries: ledger.entries() }),
    crm: () => crm.report(),
    close: async () => {
      changer.stop();
      closing.abort();
      server.close();
      server.closeAllConnections();
      await publisher.idle();
      await keep();
    },
    createCustomer: () => changed(company.createCustomer()),
    createOrder: (customer) => changed(company.createOrder(customer)),
    update: (id) => changed(company.update(id)),
    remove: (id) => changed(company.remove(id)),
    send: (event, { times = 1, drop = false } = {}) =>
      publisher.publish(event, { ...plainPlan, times, drop }),
    publish,
  };

  const api = { company, ledger, faults: () => faults, random: random.api, now, requestsPerSecond };
  app.disable('x-powered-by');
  app.use('/v1', requireToken(token), createVendorApi({ ...api, kept: () => state.kept() }));
  app.use('/crm', requireToken(token), crm.router);
  app.use('/control', createControl(vendor));

  publisher.resume(outstanding);
  await keep();
  if (settings.target !== null) changer.start();
  return vendor;
}
