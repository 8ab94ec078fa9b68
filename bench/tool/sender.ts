/** What came of one event. */
export type Sent = 'accepted' | 'inboxed' | 'duplicate' | 'refused';

/** Sends events, each by its number. */
export interface Sender {
  send(number: number): Promise<Sent>;
  close(): Promise<void>;
}
