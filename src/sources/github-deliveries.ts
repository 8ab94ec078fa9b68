import { z } from 'zod';
import { VendorRefusedError } from '../errors.ts';
import type { Source } from './define-source.ts';
import { type GithubApi, readGithubPage } from './github-api.ts';

const pageSize = 100;
const day = 86_400_000;
/** An attempt that is this new may still be under way, or its answer not yet listed. */
const settleMilliseconds = 60_000;
/** A delivery that failed so often fails for a reason that asking again does not mend. */
const mostRedeliveries = 3;

/**
 * How long deliveries are kept, less an hour for the time that a run takes: 3 days at github.com, 7 on an Enterprise Server.
 *
 * @see https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
 */
export function keptMilliseconds(apiUrl: string | undefined): number {
  return (apiUrl === undefined ? 3 : 7) * day - 3_600_000;
}

/** One attempt at a delivery. Its id is larger than a JSON number can hold exactly, and then a text. */
const deliveriesSchema = z.array(
  z.object({
    id: z.union([z.int(), z.string().regex(/^\d+$/)]),
    guid: z.string(),
    delivered_at: z.iso.datetime({ offset: true }),
    redelivery: z.boolean(),
    status_code: z.int(),
  }),
);

/** The attempts at what has one guid, which is the event's id at ours. */
interface Attempts {
  /** The newest attempt. */
  latest: { id: number | string; at: number };
  arrived: boolean;
  /** Whether the first attempt is among them, or was too long ago. */
  complete: boolean;
  redeliveries: number;
}

/** The path of a hook's deliveries, from how `GITHUB_HOOKS` names it: `app`, `org/87654321` or `owner/name/12345678`. */
export function hookPath(hook: string): string {
  const [owner = '', name, id] = hook.split('/');
  if (name === undefined) return '/app/hook/deliveries';
  return id === undefined
    ? `/orgs/${owner}/hooks/${name}/deliveries`
    : `/repos/${owner}/${name}/hooks/${id}/deliveries`;
}

/**
 * Asks GitHub to send again what no attempt of the last days brought here. GitHub sends nothing again by itself.
 *
 * All that GitHub keeps is looked at, however far back a run goes: only the first attempt and all later ones together say
 * whether an event arrived, and how often it was sent again. A hook that is gone keeps none of the others from being looked at.
 *
 * @param options.hooks - as `GITHUB_HOOKS` names them
 * @param options.now - the present, in milliseconds since the epoch, by which it is judged what is too old or too new
 * @see https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
 */
export function createGithubRedelivery(
  api: GithubApi,
  options: { hooks: readonly string[]; kept: number; now: () => number },
): NonNullable<Source['redeliverMissed']> {
  return async (_range, { signal }) => {
    const total = { looked: 0, asked: 0 };
    const refusals: VendorRefusedError[] = [];
    for (const hook of options.hooks) {
      try {
        const { looked, missed } = await look(hook, signal);
        total.looked += looked;
        for (const id of missed) {
          if (await ask(hook, id, signal)) total.asked += 1;
        }
      } catch (error) {
        if (!(error instanceof VendorRefusedError)) throw error;
        refusals.push(error);
      }
    }
    const [refusal] = refusals;
    if (refusal !== undefined) throw refusal;
    return total;
  };

  async function look(
    hook: string,
    signal: AbortSignal,
  ): Promise<{ looked: number; missed: (number | string)[] }> {
    const now = options.now();
    const oldest = now - options.kept;
    const byGuid = new Map<string, Attempts>();
    let looked = 0;
    let cursor: string | null = null;
    do {
      const page = await readPage(hook, cursor, signal);
      for (const {
        id,
        guid,
        delivered_at: deliveredAt,
        redelivery,
        status_code: status,
      } of page.deliveries) {
        const at = Date.parse(deliveredAt);
        if (at < oldest) continue;
        looked += 1;
        // They come with the newest first.
        const known = byGuid.get(guid) ?? {
          latest: { id, at },
          arrived: false,
          complete: false,
          redeliveries: 0,
        };
        byGuid.set(guid, known);
        known.arrived ||= status >= 200 && status < 300;
        known.complete ||= !redelivery;
        known.redeliveries += redelivery ? 1 : 0;
      }
      const last = page.deliveries.at(-1);
      cursor = last === undefined || Date.parse(last.delivered_at) < oldest ? null : page.next;
    } while (cursor !== null);
    const missed = [...byGuid.values()].filter(
      ({ arrived, complete, redeliveries, latest }) =>
        !arrived && complete && redeliveries < mostRedeliveries && latest.at <= now - settleMilliseconds,
    );
    // The oldest first, as they happened.
    return { looked, missed: missed.map(({ latest }) => latest.id).reverse() };
  }

  async function readPage(
    hook: string,
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<{ deliveries: z.infer<typeof deliveriesSchema>; next: string | null }> {
    const what = `the deliveries of the hook ${hook}`;
    const answer = await api({
      path: hookPath(hook),
      query: { per_page: pageSize, ...(cursor === null ? {} : { cursor }) },
      what,
      role: roleOf(hook),
      signal,
    });
    if (!answer.found) {
      throw new VendorRefusedError(
        `GitHub shows no hook "${hook}": check GITHUB_HOOKS, and that the token or the App may write webhooks.`,
      );
    }
    const deliveries = readGithubPage(deliveriesSchema, answer.data, what);
    return { deliveries, next: answer.next?.searchParams.get('cursor') ?? null };
  }

  /** False where GitHub no longer has it. */
  async function ask(hook: string, id: number | string, signal: AbortSignal): Promise<boolean> {
    const answer = await api({
      method: 'POST',
      path: `${hookPath(hook)}/${id}/attempts`,
      what: `another attempt at the delivery ${id} of the hook ${hook}`,
      absent: [404, 410, 422],
      role: roleOf(hook),
      signal,
    });
    return answer.found;
  }
}

function roleOf(hook: string): 'app' | 'reader' {
  return hook === 'app' ? 'app' : 'reader';
}
