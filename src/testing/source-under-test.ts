import type { EntityRef, EventDraft } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import type { Source } from '../sources/define-source.ts';
import type { StandInReply, StandInRequest } from './stand-in.ts';
import type { RecordState, World } from './world.ts';

/** One delivery as the vendor makes it, without its signature. */
export interface SampleDelivery {
  /** JSON, or the bytes themselves where they are anything else, such as a form. */
  body: JsonValue | Uint8Array;
  /** Beside those of the signature, in lower case. @default a content-type of JSON */
  headers?: Readonly<Record<string, string>>;
  /** The path and query that the vendor posts to. @default `/webhooks/<source>` */
  url?: string;
  /** What has to be read in it; what is left out may be anything. */
  reads?: Partial<EventDraft>;
  /** Where the vendor's next try of the same event differs from the first one: what it has in place of this. */
  again?: { body?: JsonValue | Uint8Array; headers?: Readonly<Record<string, string>> };
}

/** Where the stand-in shows one record. */
export interface RecordPlace {
  /** With `{id}` and `{type}` in it: `/invoices/{id}`. */
  path: string;
  /** The answer with the record in it. @default the record alone */
  answer?(record: JsonValue): JsonValue;
}

/** Where the stand-in lists its records, the one that has not changed for the longest time first. */
export interface ListPlace {
  path: string;
  /** The parameter with the time since when changes are asked for; the vendor takes ISO 8601 or Unix time. @default none */
  since?: string;
  /** The parameter with the place to go on from. @default `cursor` */
  cursor?: string;
  /** An answer. @param next - the place to go on from; null on the last page */
  page(records: JsonValue[], next: string | null): JsonValue;
  /** Records on a page. @default 3 */
  pageSize?: number;
}

/** What the stand-in answers; undefined stands for 404. */
export type StandInHandler = (request: StandInRequest, world: World) => StandInReply | undefined;

/** A vendor's API, as the kit stands in for it on a port of this machine. */
export interface VendorUnderTest {
  /** A record as the vendor's API shows it. */
  record(state: RecordState): JsonValue;
  /** The kit's records; number 0 is the one that the first delivery is about. @default its id with the number behind it */
  entity?(number: number): EntityRef;
  fetch: RecordPlace | StandInHandler;
  /** null: nothing is listed, or not in a way that can be stood in for. */
  list?: ListPlace | StandInHandler | null;
  /** Each way in which the vendor says that a record does not exist. @default 404 and 410 */
  absent?: readonly (StandInReply | StandInHandler)[];
  /** The body of an answer that is an error. @default one with a message */
  errorBody?(status: number): JsonValue;
}

/** What the kit has to know of an adapter. */
export interface SourceUnderTest {
  /** Makes the adapter: with these signing secrets, and with the vendor's API at this address. */
  create(given: { secrets: readonly string[]; apiUrl: string }): Source;
  /** Two signing secrets in the vendor's own form. @default two that begin with `whsec_`, and are base64 behind that */
  secrets?: readonly [string, string];
  /** Events as the vendor sends them; the first one is about a record that the adapter keeps. @default the adapter's own sample */
  deliveries?: readonly SampleDelivery[];
  /** What the vendor sends when the record of the first delivery has changed once more; null where it says so in no event. */
  later: SampleDelivery | null;
  /** What the vendor sends when the record of the first delivery was deleted; null where it says so in no event. */
  deletion: SampleDelivery | null;
  /** The vendor's API; null where the payload is all there is. */
  vendor: VendorUnderTest | null;
  /** For schemes that only the vendor can sign with: the signature's headers, made with the private side of the secret. */
  sign?(delivery: {
    secret: string;
    body: Buffer;
    /** Of the event, equal for each of its deliveries. */
    id: string;
    /** Milliseconds since the epoch. */
    now: number;
    headers: Readonly<Record<string, string>>;
    url: string;
  }): Promise<Record<string, string>>;
  /** Whether deliveries that were signed long ago are refused. @default where the same body signed later has other headers */
  judgesAge?: boolean;
  /** Headers that `sign` makes, and no signature covers. */
  unsignedHeaders?: readonly string[];
  /** Checks that this adapter cannot pass, by id, each with its reason. One that it does pass is an error. */
  except?: Readonly<Record<string, string>>;
}
