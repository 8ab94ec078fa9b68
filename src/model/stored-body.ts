import type { EntityRef } from './event.ts';

/**
 * A body or a record that is too large for a workflow's history. It is kept in the store, once for the same bytes, and this
 * stands for it.
 */
export interface StoredBody {
  /** SHA-256 of the bytes, in hex: what it is kept under. */
  sha256: string;
  bytes: number;
  /** Of a body, as the vendor sent it; of what was taken out of one, and of records, `application/json`. */
  contentType: string;
}

/** What has to be in the store before the reference to it means anything. */
export interface Claim {
  stored: StoredBody;
  body: Uint8Array;
  /** Whose data it is; null where nobody knows. */
  entity: EntityRef | null;
}

/** How both sides of a reference to JSON call it. */
export const jsonType = 'application/json';
