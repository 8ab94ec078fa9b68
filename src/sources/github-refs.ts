import type { EntityRef } from '../model/event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import { VendorRefusedError } from '../errors.ts';

/** A branch or a tag, as an event is about it. */
export interface GithubRef {
  /** Its id is `owner/name@refs/heads/main`. */
  entity: EntityRef;
  deletes: boolean;
  /** When the repository was last pushed to, as of this event: Unix time or ISO 8601. */
  pushedAt: string | number | null;
  /** What the payload says of it, in the shape of the API; null where it does not say the commit. */
  snapshot: JsonObject | null;
}

/**
 * The branch or tag of a `push`, `create` or `delete`; null of any other event.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
 */
export function readGithubRef(event: string, body: JsonObject): GithubRef | null {
  const { repository } = body;
  if (!isJsonObject(repository) || typeof repository['full_name'] !== 'string') return null;
  const ref = readRef(event, body);
  const [, kind] = /^refs\/(heads|tags)\/./.exec(ref ?? '') ?? [];
  if (ref === null || kind === undefined) return null;
  const { after } = body;
  return {
    entity: { type: kind === 'heads' ? 'branch' : 'tag', id: `${repository['full_name']}@${ref}` },
    deletes: event === 'delete' || body['deleted'] === true,
    pushedAt: readTime(repository['pushed_at']),
    snapshot: event === 'push' && typeof after === 'string' ? { ref, object: { sha: after } } : null,
  };
}

/** The whole name: a push says it, the others say the short one and what it is of. */
function readRef(event: string, { ref, ref_type: type }: JsonObject): string | null {
  if (typeof ref !== 'string') return null;
  if (event === 'push') return ref;
  if (event !== 'create' && event !== 'delete') return null;
  if (type === 'branch') return `refs/heads/${ref}`;
  return type === 'tag' ? `refs/tags/${ref}` : null;
}

function readTime(value: JsonValue | undefined): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

/**
 * Where the API shows a branch or tag; null where the id is none of that type.
 *
 * @throws VendorRefusedError where its name would lead to another path
 * @see https://docs.github.com/en/rest/git/refs#get-a-reference
 */
export function githubRefPath({ type, id }: EntityRef): { repository: string; path: string } | null {
  const [, repository, kind, name = ''] = /^([\w.-]+\/[\w.-]+)@refs\/(heads|tags)\/([^]+)$/.exec(id) ?? [];
  if (repository === undefined || kind === undefined) return null;
  if (type !== (kind === 'heads' ? 'branch' : 'tag')) return null;
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new VendorRefusedError(`The name "${name}" cannot be looked up: it would ask for another path.`);
  }
  const path = parts.map(encodeURIComponent).join('/');
  return { repository, path: `/repos/${repository}/git/ref/${kind}/${path}` };
}
