import { z } from 'zod';

const schema = z.object({
  /** Where the receiver listens on 127.0.0.1. */
  PORT: z.coerce.number().int(),
  /** The PostgreSQL that holds the effects and, for those that keep their queue in PostgreSQL, the queue. */
  DATABASE_URL: z.url(),
  /** The vendor's API: `<VENDOR_URL>/records/<id>`. */
  VENDOR_URL: z.url(),
  WEBHOOK_SECRET: z.string().min(1),
  /** Where the queue's own server is: Redis, Restate's ingress, Temporal. */
  QUEUE_ADDRESS: z.string().optional(),
  /** Restate only: its admin API, and the port on which the worker waits for its calls. */
  RESTATE_ADMIN_URL: z.url().optional(),
  WORKER_PORT: z.coerce.number().int().optional(),
});

/** What a peer's process finds in its environment. */
export type PeerSettings = z.infer<typeof schema>;

/** Reads the settings of a process. @throws ZodError where one is missing */
export function readSettings(environment: NodeJS.ProcessEnv): PeerSettings {
  return schema.parse(environment);
}

/** A setting that only some peers need. @throws Error where it is not set */
export function required<Name extends keyof PeerSettings>(
  settings: PeerSettings,
  name: Name,
): NonNullable<PeerSettings[Name]> {
  const value = settings[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}
