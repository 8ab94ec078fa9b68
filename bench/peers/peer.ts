import type { PeerSettings } from './settings.ts';
import type { RecordEvent, VendorRecord } from './record-event.ts';

/** The two calls that every event asks for. Both may be made again. */
export interface EventWork {
  /** GET of the record, fresh. @throws where the vendor does not answer with it */
  fetchRecord(event: RecordEvent): Promise<VendorRecord>;
  /** The record under its version guard and the mark of the event, in one transaction. */
  applyRecord(event: RecordEvent, record: VendorRecord): Promise<void>;
}

/** Takes events durably. Rejects where the queue does not take one: the vendor is told 503. */
export type TakeEvent = (event: RecordEvent) => Promise<void>;

/** One way to receive and process webhooks, as two processes: a receiver and a worker. */
export interface Peer {
  /** Makes tables and queues, once, before the processes start. */
  prepare(settings: PeerSettings): Promise<void>;
  /** Connects the receiver to the queue. */
  openIntake(settings: PeerSettings): Promise<TakeEvent>;
  /** Starts to work the queue off; resolves when it does. */
  startWorker(settings: PeerSettings, work: EventWork): Promise<void>;
  /** What its documentation tells an operator to do after workers were killed, where restarting them is not enough. */
  recover?(settings: PeerSettings): Promise<void>;
}

/** How many events a worker processes at a time: they mostly wait, and two cores are busy with 32 of them. */
export const concurrency = 32;
