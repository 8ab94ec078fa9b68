import { z } from 'zod';
import { createEventWork, prepareEffects } from './event-work.ts';
import type { Peer } from './peer.ts';
import { startReceiver } from './receiver.ts';
import { readSettings } from './settings.ts';

/** The peers by name. Each is loaded alone, so that no process carries another's libraries. */
const peers = {
  bullmq: async () => (await import('./bullmq.ts')).bullmq,
  'pg-boss': async () => (await import('./pg-boss.ts')).pgBoss,
  'graphile-worker': async () => (await import('./graphile-worker.ts')).graphileWorker,
  dbos: async () => (await import('./dbos.ts')).dbos,
  restate: async () => (await import('./restate.ts')).restate,
} satisfies Record<string, () => Promise<Peer>>;

const roleSchema = z.enum(['prepare', 'receiver', 'worker', 'recover']);
const nameSchema = z.literal(['bullmq', 'pg-boss', 'graphile-worker', 'dbos', 'restate']);

// `tsx run.ts <peer> <role>`: says `ready` on its standard output when it is, and the role is one that stays.
const name = nameSchema.parse(process.argv[2]);
const role = roleSchema.parse(process.argv[3]);
const settings = readSettings(process.env);
const { DATABASE_URL: databaseUrl, VENDOR_URL: vendorUrl } = settings;
const peer: Peer = await peers[name]();

switch (role) {
  case 'prepare':
    await prepareEffects(databaseUrl);
    await peer.prepare(settings);
    process.exit();
  case 'recover':
    await peer.recover?.(settings);
    process.exit();
  case 'receiver':
    await startReceiver(settings.PORT, settings.WEBHOOK_SECRET, await peer.openIntake(settings));
    console.log('ready');
    break;
  case 'worker':
    await peer.startWorker(settings, createEventWork({ vendorUrl, databaseUrl }));
    console.log('ready');
}
