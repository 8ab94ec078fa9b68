import { UnreadableEventError } from '../errors.ts';
import type { EventDraft } from '../model/event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import { announcedTime } from './announced-time.ts';
import type { VerifiedDelivery } from './define-source.ts';
import { type GithubRecord, githubRecords } from './github-records.ts';
import { readGithubRef } from './github-refs.ts';

/** Reads one of GitHub's events: what happened is in the headers, what it is about is in the body. */
export function readGithubEvent(
  { body, headers }: VerifiedDelivery,
  { keepSnapshot }: { /** True where no token allows to fetch. */ keepSnapshot: boolean },
): EventDraft {
  const id = readHeader(headers, 'x-github-delivery');
  const name = readHeader(headers, 'x-github-event');
  if (!isJsonObject(body)) {
    throw new UnreadableEventError('The body is no JSON object, as every event of GitHub is.');
  }
  const action = body['action'];
  const type = typeof action === 'string' && action !== '' ? `${name}.${action}` : name;
  const draft = { id, type, occurredAt: null };
  const none: EventDraft = { ...draft, entity: null, announced: null, deletes: false };

  const ref = readGithubRef(name, body);
  if (ref !== null) {
    const { entity, deletes, pushedAt, snapshot } = ref;
    const about: EventDraft = { ...draft, entity, announced: null, deletes, occurredAt: pushedAt };
    if (!keepSnapshot) return about;
    // That a branch was created says no commit: the push that goes with it does.
    return snapshot === null && !deletes ? none : { ...about, snapshot: snapshot ?? {} };
  }

  const kind = githubRecords.get(name);
  const record = kind === undefined ? undefined : body[kind.property];
  const entityId = kind === undefined || !isJsonObject(record) ? null : readEntityId(kind, record, body);
  if (kind === undefined || !isJsonObject(record) || entityId === null) {
    return none;
  }
  const sourceTime = announcedTime(record['updated_at']);
  return {
    ...draft,
    entity: { type: kind.type, id: entityId },
    announced: sourceTime === null ? null : { version: null, sourceTime },
    // A transferred issue leaves its repository for good: it has another number in the other one.
    deletes: action === 'deleted' || type === 'issues.transferred',
    ...(keepSnapshot ? { snapshot: record } : {}),
  };
}

function readHeader(headers: VerifiedDelivery['headers'], name: string): string {
  const value = headers[name]?.trim();
  if (!value)
    throw new UnreadableEventError(`The header ${name} is missing: GitHub sends it with every event.`);
  return value;
}

/** `owner/name`, `owner/name#5`, or `owner/name#5/123` for a record below another; null where the payload does not say. */
function readEntityId(kind: GithubRecord, record: JsonObject, body: JsonObject): string | null {
  const repository = readProperty(body['repository'], 'full_name');
  if (typeof repository !== 'string') return null;
  if (kind.key === null) return repository;
  const key = record[kind.key];
  const parent = kind.parent === undefined ? '' : readProperty(body[kind.parent.property], kind.parent.key);
  if (typeof key !== 'number' || (typeof parent !== 'number' && parent !== '')) return null;
  return `${repository}#${parent === '' ? '' : `${parent}/`}${key}`;
}

function readProperty(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}
