import type { VendorEvent } from './company.ts';
import type { CrmReport } from './crm.ts';
import type { Faults } from './faults.ts';
import type { LedgerCounts, LedgerEntry } from './ledger.ts';
import type { VendorRecord } from './records.ts';

/** The truth about every record that the vendor ever had, tombstones included, in the order of id. */
export interface VendorSnapshot {
  takenAt: string;
  records: VendorRecord[];
}

/** A little company behind HTTP that sends webhooks, with bad habits on request. Made by `startDemoVendor`. */
export interface DemoVendor {
  /** `http://127.0.0.1:<port>`: the API is below `/v1`, our CRM below `/crm`, the back room below `/control`. */
  url: string;
  /** Signs its webhooks. */
  secret: string;
  /** The bearer token of its API and of the CRM. */
  token: string;

  /** From now on webhooks go to this URL, retries included; of several, each attempt takes the next, as a load balancer does. */
  sendTo(...targets: readonly string[]): void;
  /** Lets the company change by itself, at the rate of the options. */
  startChanging(): void;
  stopChanging(): void;
  setFaults(faults: Faults): void;
  /**
   * Stops changing, ends the faults, and finishes what is under way with pauses of a second at most.
   * What was dropped stays dropped. Resolves when the endpoint has all the rest, or the vendor gave up on it.
   */
  settle(): Promise<VendorSnapshot>;
  snapshot(): VendorSnapshot;
  ledger(): { counts: LedgerCounts; entries: LedgerEntry[] };
  crm(): CrmReport;
  /** Stops everything; what was not delivered is kept in the state file. */
  close(): Promise<void>;

  /** These change one record and return the event, which nobody has sent yet: hand it to `send` or `publish`. */
  createCustomer(): VendorEvent;
  createOrder(customer?: string): VendorEvent;
  /** @throws RangeError where there is no such living record */
  update(id: string): VendorEvent;
  /** @throws RangeError as `update` */
  remove(id: string): VendorEvent;

  /** Sends an event exactly so, whatever the faults say. Resolves when it is delivered, dropped or given up. */
  send(event: VendorEvent, how?: { times?: number; drop?: boolean }): Promise<void>;
  /** Sends an event with the faults of the moment. Resolves as `send`. */
  publish(event: VendorEvent): Promise<void>;
}
