import type { OpenWork } from '../model/alerts.ts';
import { judgeAlerts } from '../model/judge-alerts.ts';
import type { Observed } from '../store/alert-store.ts';
import type { AlertingDependencies } from './dependencies.ts';
import { observe } from './observe.ts';

/**
 * Looks once at everything, and begins and ends incidents by what it sees. People are told afterwards: see `sendAlertMessages`.
 *
 * @param options - as of `observe`
 * @throws StoreUnavailableError
 */
export async function judgeOnce(
  deps: AlertingDependencies,
  options: { work: ReadonlyMap<string, OpenWork> | null; unjudgedSince: number | null },
): Promise<Observed> {
  const { store, settings, channels } = deps;
  const { facts, observed } = await observe(deps, options);
  await store.settleIncidents({
    judgements: judgeAlerts(facts, settings),
    channels: channels.map(({ name }) => name),
    now: facts.now,
    settleMilliseconds: settings.settleMilliseconds,
  });
  return observed;
}
