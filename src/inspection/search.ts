import { describeEntity, type EntityRef } from '../model/event.ts';
import { deadLetterWorkflowId, eventWorkflowId, parseDeadLetterId } from '../model/ids.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import type { EventKey } from '../store/store.ts';
import { quote } from '../temporal/list-filter.ts';
import { listRuns, type RunRow } from '../temporal/list-runs.ts';
import { answerOr, attempt, type Failure, failureOf } from './attempt.ts';
import { asking, type InspectionDependencies } from './dependencies.ts';

/** What was found under an id. */
export interface SearchResult {
  /** Each once; with the dead letter that waits for a decision, or not. */
  events: (EventKey & { deadLetterOpen: boolean })[];
  entities: { source: string; entity: EntityRef }[];
  /** Why Temporal did not answer; null where it did. */
  failure: Failure | null;
}

const mostFound = 100;
/** Types of records that an id is tried with. */
const mostTypes = 50;

/**
 * Finds an event by its id, with or without its source before it (`stripe:evt_1`), a dead letter by its workflow's id, or a record
 * by its id, with or without its type before it (`customer/cus_1`). Ids are found as a whole.
 *
 * @throws StoreUnavailableError
 */
export async function search(deps: InspectionDependencies, text: string): Promise<SearchResult> {
  const { store, sources } = deps;
  const names = [...sources.keys()];
  const keys = keysOf(text, sources);
  const types = await store.listEntityTypes(names);
  const candidates = entitiesOf(text, types);
  const [marks, waiting, stored, runs] = await Promise.all([
    store.findEvents(keys),
    store.findInInbox(keys),
    findStored(deps, names, candidates),
    attempt(asking(deps, () => findRuns(deps, keys, candidates))),
  ]);
  const rows = answerOr(runs, []);
  return {
    events: uniqueEvents([...eventsIn(rows, keys), ...waiting, ...marks], rows),
    entities: uniqueEntities([...stored, ...entitiesIn(rows, candidates)]),
    failure: failureOf(runs),
  };
}

/** The events that the text can mean. */
function keysOf(text: string, sources: InspectionDependencies['sources']): EventKey[] {
  const named = parseDeadLetterId(text);
  return [
    ...(named !== null && sources.has(named.source) ? [named] : []),
    ...[...sources.keys()].map((source) => ({ source, eventId: text })),
  ];
}

/** The records that the text can mean. */
function entitiesOf(text: string, types: readonly { type: string }[]): EntityRef[] {
  const [type = '', ...rest] = text.split('/');
  const named = rest.length > 0 && type !== '' && rest.join('/') !== '' ? [{ type, id: rest.join('/') }] : [];
  const known = [...new Set(types.map((each) => each.type))].slice(0, mostTypes);
  return [...named, ...known.map((each) => ({ type: each, id: text }))];
}

async function findStored(
  { store }: InspectionDependencies,
  names: readonly string[],
  candidates: readonly EntityRef[],
): Promise<SearchResult['entities']> {
  const ids = [...new Set(candidates.map(({ id }) => id))];
  const found = (await Promise.all(ids.map((id) => store.findEntities(names, id)))).flat();
  return found.filter(({ entity }) =>
    candidates.some((each) => describeEntity(each) === describeEntity(entity)),
  );
}

/** One call: the runs of the events and of the records. */
async function findRuns(
  { client }: InspectionDependencies,
  keys: readonly EventKey[],
  candidates: readonly EntityRef[],
): Promise<RunRow[]> {
  const ids = keys.flatMap(({ source, eventId }) => [
    eventWorkflowId(source, eventId),
    deadLetterWorkflowId(source, eventId),
  ]);
  const entities = candidates.map((entity) => keyword(describeEntity(entity)));
  const list = (values: readonly string[]) => values.map(quote).join(', ');
  const query = [
    ...(ids.length === 0 ? [] : [`WorkflowId IN (${list(ids)})`]),
    ...(entities.length === 0 ? [] : [`${searchAttributes.entity.name} IN (${list(entities)})`]),
  ].join(' OR ');
  if (query === '') return [];
  const filter = `WorkflowType IN ('processEvent', 'deadLetter') AND (${query})`;
  return (await listRuns(client, filter, { cursor: null, size: mostFound })).rows;
}

function eventsIn(rows: readonly RunRow[], keys: readonly EventKey[]): EventKey[] {
  const found = new Set(rows.map(({ workflowId }) => workflowId));
  return keys.filter(
    ({ source, eventId }) =>
      found.has(eventWorkflowId(source, eventId)) || found.has(deadLetterWorkflowId(source, eventId)),
  );
}

function entitiesIn(rows: readonly RunRow[], candidates: readonly EntityRef[]): SearchResult['entities'] {
  return rows.flatMap(({ source, entity }) => {
    const found = candidates.find((each) => keyword(describeEntity(each)) === entity);
    return found === undefined ? [] : [{ source, entity: found }];
  });
}

function uniqueEvents(
  all: readonly (EventKey & { deadLetterOpen?: boolean })[],
  rows: readonly RunRow[],
): SearchResult['events'] {
  const open = new Set(rows.filter(({ status }) => status === 'RUNNING').map(({ workflowId }) => workflowId));
  const unique = new Map(
    all.map(({ source, eventId, deadLetterOpen = false }) => {
      const id = deadLetterWorkflowId(source, eventId);
      return [id, { source, eventId, deadLetterOpen: deadLetterOpen || open.has(id) }] as const;
    }),
  );
  return [...unique.values()];
}

function uniqueEntities(all: readonly SearchResult['entities'][number][]): SearchResult['entities'] {
  return [...new Map(all.map((each) => [`${each.source} ${describeEntity(each.entity)}`, each])).values()];
}
