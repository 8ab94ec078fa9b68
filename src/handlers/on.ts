import { ConfigurationError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import type { RetrySettings } from '../model/retry.ts';
import {
  defaultHandlerTimeout,
  type Handler,
  type HandlerFunction,
  handlerPrefix,
} from './define-handler.ts';

/** Which events a handler is for: those of a type, of some types, or about entities of a type. `*` stands for any text. */
export type HandlerFilter = string | readonly string[] | { entity: string | readonly string[] };

/** How a handler is run. */
export interface HandlerOptions {
  /** Part of the idempotency keys, so it must stay. @default the types, and the name of the function */
  name?: string;
  /** What is other than for the source's steps. `maximumAttempts` counts the first. @default the source's */
  retry?: Partial<RetrySettings>;
  /**
   * How long one attempt may take, up to 600000. With more than 5000 it is run outside of the event's first workflow task,
   * which costs Temporal an activity. @default 5000
   */
  timeoutMilliseconds?: number;
  /**
   * Types of entities whose repairs it takes as well, though no event of the vendor's names what happened: for a handler of
   * `invoice.paid` that looks at the record itself, `['invoice']`. @default those that its types say
   */
  repairsOf?: string | readonly string[];
  /** Whether it is for the records that a first reconciliation brings in, when nothing has happened to them. @default false */
  backfill?: boolean;
}

const longestTimeout = 600_000;
const namePattern = /^[\x21-\x7e]{1,100}$/;

/**
 * Declares business logic for a source's events.
 *
 * A repair that only reconciliation found, without an event of the vendor's, counts as `<entity type>.updated`, as
 * `<entity type>.created` too where there was no copy before, or as `<entity type>.deleted`.
 *
 * @param filter - `customer.updated`, `customer.*`, `*`, several of them, or `{ entity: 'customer' }`
 * @param handle - gets the fresh record, null where it is gone. What it throws is tried again, but for a `HandlerRefusedError`.
 * `Data` is your word for what the record is: parse it where you want to be held to that
 * @throws ConfigurationError where the filter is empty, or the name or the time no such
 * @example
 * on('customer.updated', async (customer, { previous, idempotencyKey }) => {
 *   if (customer?.plan !== previous?.data?.plan) await changePlan(customer, idempotencyKey);
 * })
 */
export function on<Data = JsonObject>(
  filter: HandlerFilter,
  handle: HandlerFunction<Data>,
  options: HandlerOptions = {},
): Handler {
  const { retry = {}, timeoutMilliseconds = defaultHandlerTimeout, backfill = false } = options;
  const byEntity = typeof filter === 'object' && 'entity' in filter;
  const wanted = listOf(byEntity ? filter.entity : filter);
  const name = options.name ?? nameOf(wanted, byEntity, handle);
  checkParts(name, { wanted, handle, timeoutMilliseconds });
  const matches = toPattern(wanted);
  const repairs = toPattern(listOf(options.repairsOf ?? []));
  return {
    name: handlerPrefix + name,
    takes: (event) => {
      if (event.backfill && !backfill) return false;
      if (byEntity) return matches(event.entity.type);
      return event.types.some(matches) || (event.repair && repairs(event.entity.type));
    },
    // What the record is, is the caller's word: nobody else knows the vendor's types.
    handle: handle as unknown as HandlerFunction<JsonValue>,
    retry,
    timeoutMilliseconds,
  };
}

/** `customer.updated/syncPlan`; without the name of a function that has none. */
function nameOf(wanted: readonly string[], byEntity: boolean, handle: unknown): string {
  const filter = `${byEntity ? 'entity=' : ''}${wanted.join('+')}`;
  return typeof handle === 'function' && handle.name !== '' ? `${filter}/${handle.name}` : filter;
}

/** Modules of handlers are JavaScript: nobody has checked their types. */
function checkParts(
  name: string,
  parts: { wanted: readonly unknown[]; handle: unknown; timeoutMilliseconds: unknown },
): void {
  if (typeof parts.handle !== 'function') {
    throw new ConfigurationError(
      `The handler "${name}" is no function: on('customer.updated', async (record, context) => { … }).`,
    );
  }
  if (parts.wanted.length === 0 || parts.wanted.some((each) => typeof each !== 'string' || each === '')) {
    throw new ConfigurationError(
      `The handler "${name}" says no event: name a type such as 'customer.updated' or 'customer.*', or { entity: 'customer' }.`,
    );
  }
  if (!namePattern.test(name)) {
    throw new ConfigurationError(
      `The name of the handler "${name}" must be 1 to 100 printable ASCII characters without spaces: give it one, { name: … }.`,
    );
  }
  const time = parts.timeoutMilliseconds;
  if (!(Number.isInteger(time) && Number(time) >= 1 && Number(time) <= longestTimeout)) {
    throw new ConfigurationError(
      `The handler "${name}" needs a timeoutMilliseconds from 1 to ${longestTimeout}.`,
    );
  }
}

function listOf(one: string | readonly string[]): readonly string[] {
  return typeof one === 'string' ? [one] : one;
}

/** Whether a text is one of these, with `*` in them for any text. */
function toPattern(wanted: readonly string[]): (text: string) => boolean {
  const patterns = wanted.map((each) => {
    const parts = each.split(/\*+/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('.*')}$`, 's');
  });
  return (text) => patterns.some((pattern) => pattern.test(text));
}
