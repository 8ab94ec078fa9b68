import { z } from 'zod';
import { VendorAnswerError, VendorRefusedError } from '../errors.ts';
import { isJsonObject } from '../model/json.ts';
import type { ListedChange, Source } from './define-source.ts';
import type { GithubApi } from './github-api.ts';
import { type GithubItem, githubItemSchema, type GithubList, githubLists } from './github-lists.ts';
import {
  createGithubRoute,
  type GithubStop,
  githubStopSchema,
  isOrganization,
} from './github-repositories.ts';

const pageSize = 100;

const cursorSchema = githubStopSchema.extend({
  list: z.string(),
  since: z.string().nullable(),
  until: z.string().nullable(),
  page: z.int().min(1),
});
type Cursor = z.infer<typeof cursorSchema>;

/**
 * Lists what changed in one repository after the other, one list after the other.
 *
 * @param options.repositories - `owner/name`, or `owner/*` for all of an organisation
 * @param options.lists - names of `githubLists`
 */
export function createGithubChanges(
  api: GithubApi,
  options: { repositories: readonly string[]; lists: readonly string[] },
): NonNullable<Source['listChanged']> {
  const nextStop = createGithubRoute(api, options.repositories);
  const wanted = githubLists.filter(({ name }) => options.lists.includes(name));

  return async ({ since, cursor }, { signal }) => {
    const at =
      cursor === null ? firstOf(await nextStop(null, signal)) : cursorSchema.parse(JSON.parse(cursor));
    if (at === null) return { changes: [], nextCursor: null };
    const list = githubLists.find(({ name }) => name === at.list);
    if (list === undefined) throw new VendorRefusedError(`There is no list "${at.list}" of GitHub's.`);

    const what = `the ${list.name.replace('_', ' ')} of ${at.repository}`;
    const answer = await api({
      path: `/repos/${at.repository}/${list.path}`,
      query: { ...list.query, ...list.paging.query(at), per_page: pageSize },
      what,
      // 410 where the repository has the feature switched off, 451 where a court has.
      absent: [404, 410, 451],
      signal,
    });
    if (!answer.found && answer.status === 404 && (await isGone(at, list, what, signal))) {
      return { changes: [], nextCursor: write(firstOf(await nextStop(at, signal))) };
    }
    const items = answer.found ? readItems(answer.data, list, what) : [];
    const changes = items.map((item) => toChange(item, list, what));
    const last = items.at(-1);
    const more = answer.found && answer.next !== null && last !== undefined;
    const next = more
      ? { ...at, ...list.paging.next(at, last) }
      : (listAfter(at) ?? firstOf(await nextStop(at, signal)));
    return { changes, nextCursor: write(next) };

    function begin(stop: GithubStop, of: GithubList): Cursor {
      return { ...stop, list: of.name, ...of.paging.begin(since) };
    }

    function firstOf(stop: GithubStop | null): Cursor | null {
      const [first] = wanted;
      return stop === null || first === undefined ? null : begin(stop, first);
    }

    /** The list may have been taken out of the setting meanwhile, so it is not looked for there. */
    function listAfter(current: Cursor): Cursor | null {
      const behind = githubLists.slice(githubLists.findIndex(({ name }) => name === current.list) + 1);
      const following = behind.find((each) => wanted.includes(each));
      return following === undefined ? null : begin(current, following);
    }
  };

  /**
   * What a 404 of a list means: true where the repository is gone, which is passed over in an organisation, false where it has no such
   * items. Nothing else may hide behind it.
   */
  async function isGone(at: Cursor, list: GithubList, what: string, signal: AbortSignal): Promise<boolean> {
    const answer = await api({
      path: `/repos/${at.repository}`,
      what: `repository ${at.repository}`,
      signal,
    });
    if (!answer.found) {
      if (isOrganization(at.entry)) return true;
      throw new VendorRefusedError(
        `GitHub shows no repository "${at.repository}": check GITHUB_REPOSITORIES, and what the token or the App may read.`,
      );
    }
    const switchedOff =
      list.feature !== undefined && isJsonObject(answer.data) && answer.data[list.feature] === false;
    if (switchedOff) return false;
    throw new VendorRefusedError(
      `GitHub does not show ${what}: check what the token or the App may read, or take the list out of GITHUB_RECONCILE.`,
    );
  }
}

function readItems(data: unknown, { property }: GithubList, what: string): GithubItem[] {
  const items = z.array(githubItemSchema);
  const schema =
    property === undefined ? items : z.object({ [property]: items }).transform((all) => all[property] ?? []);
  const read = schema.safeParse(data);
  if (read.success) return read.data;
  throw new VendorAnswerError(
    `GitHub answered with something that is not ${what}: ${z.prettifyError(read.error)}`,
  );
}

function toChange(item: GithubItem, { typeOf, key }: GithubList, what: string): ListedChange {
  const [, repository] = /\/repos\/([\w.-]+\/[\w.-]+)\//.exec(item.url) ?? [];
  const number = item[key];
  if (repository === undefined || number === undefined) {
    throw new VendorAnswerError(`GitHub answered with an item of ${what} that has no ${key}, or no address.`);
  }
  return {
    entity: { type: typeOf(item), id: `${repository}#${number}` },
    version: null,
    sourceTime: item.updated_at ?? null,
    deleted: false,
  };
}

function write(cursor: Cursor | null): string | null {
  return cursor === null ? null : JSON.stringify(cursor);
}
