import { ConfigurationError } from '../errors.ts';
import type { EntityRef } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import type { ListPlace, RecordPlace, StandInHandler, VendorUnderTest } from './source-under-test.ts';
import { type StandIn, type StandInReply, type StandInRequest, startStandIn } from './stand-in.ts';
import { type ChangingWorld, createWorld, type World } from './world.ts';

/** The vendor's API, with its records. */
export interface VendorStandIn extends StandIn {
  world: ChangingWorld;
}

/** What stands in place of the vendor's ordinary answers. */
export type Override = StandInReply | StandInHandler;

/**
 * Starts a stand-in of the vendor's API.
 *
 * @param options.first - the entity of the first delivery
 * @param options.records - how many there are
 * @param options.override - answers every request, where the vendor is to misbehave
 */
export async function startVendor(
  vendor: VendorUnderTest,
  options: { first: EntityRef; records: number; override?: Override },
): Promise<VendorStandIn> {
  const { override } = options;
  const world = createWorld(options.records, entityOf(vendor, options.first), Date.now());
  const standIn = await startStandIn((request) => {
    const reply =
      override === undefined
        ? answer(vendor, request, world)
        : typeof override === 'function'
          ? override(request, world)
          : override;
    return reply ?? errorReply(vendor, 404);
  });
  return { ...standIn, world, [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose]() };
}

/** An error as the vendor answers it. */
export function errorReply(
  vendor: VendorUnderTest,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Exclude<StandInReply, string> {
  const message = `The stand-in answers ${status}.`;
  const json = vendor.errorBody?.(status) ?? { error: { type: 'conformance', message }, message };
  return { status, headers, json };
}

function entityOf(vendor: VendorUnderTest, first: EntityRef): (number: number) => EntityRef {
  return (number) => {
    if (number === 0) return first;
    return vendor.entity?.(number) ?? { type: first.type, id: `${first.id}${number}` };
  };
}

function answer(vendor: VendorUnderTest, request: StandInRequest, world: World): StandInReply | undefined {
  const { fetch, list } = vendor;
  const fetched =
    typeof fetch === 'function' ? fetch(request, world) : showRecord(fetch, vendor, request, world);
  if (fetched !== undefined || list === null || list === undefined) return fetched;
  return typeof list === 'function' ? list(request, world) : showPage(list, vendor, request, world);
}

function showRecord(
  place: RecordPlace,
  vendor: VendorUnderTest,
  { url }: StandInRequest,
  { records }: World,
): StandInReply | undefined {
  const record = records.find(({ entity }) => pathOf(place.path, entity) === url.pathname);
  if (record === undefined) return undefined;
  const shown = vendor.record(record);
  return { json: place.answer?.(shown) ?? shown };
}

function pathOf(template: string, { type, id }: EntityRef): string {
  return template.replaceAll('{id}', encodeURIComponent(id)).replaceAll('{type}', encodeURIComponent(type));
}

/** Pages by the count of changes: a record that changes meanwhile moves to the end, and pulls no other over an edge. */
function showPage(
  place: ListPlace,
  vendor: VendorUnderTest,
  { url }: StandInRequest,
  { records }: World,
): StandInReply | undefined {
  if (url.pathname !== place.path) return undefined;
  const { pageSize = 3 } = place;
  const since = place.since === undefined ? null : url.searchParams.get(place.since);
  const after = url.searchParams.get(place.cursor ?? 'cursor');
  const left = records.filter(
    ({ changedAt, order }) =>
      (since === null || since === '' || Date.parse(changedAt) >= readTime(since)) &&
      (after === null || after === '' || order > Number(after)),
  );
  const page = left.slice(0, pageSize);
  const next = left.length > pageSize ? String(page.at(-1)?.order) : null;
  const shown: JsonValue[] = page.map((state) => vendor.record(state));
  return { json: place.page(shown, next) };
}

function readTime(text: string): number {
  const number = Number(text);
  const time = Number.isNaN(number) ? Date.parse(text) : number < 1e11 ? number * 1_000 : number;
  if (!Number.isNaN(time)) return time;
  throw new ConfigurationError(`The stand-in was asked for changes since "${text}", which is no time.`);
}
