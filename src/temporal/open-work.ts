import type { Client } from '@temporalio/client';
import type { TemporalPort } from '../../activities/dependencies.ts';
import type { OpenWork } from '../model/alerts.ts';
import { searchAttributes } from '../model/search-attributes.ts';
import { listInfos } from './list-page.ts';
import { toTemporalError } from './temporal-error.ts';

/** Beyond this nobody needs to know how many dead letters there are; a page holds a tenth of it. */
const most = 10_000;

/** What waits for somebody at Temporal, over the client: the running workflows are the queues. */
export function createOpenWork(client: Client): Pick<TemporalPort, 'listOpenWork'> {
  return {
    async listOpenWork() {
      const query = "WorkflowType IN ('deadLetter', 'hold', 'silence') AND ExecutionStatus = 'Running'";
      const bySource = new Map<string, OpenWork>();
      let listed = 0;
      try {
        for await (const info of listInfos(client, query, { pageSize: most / 10 })) {
          const { type, startTime, typedSearchAttributes: found } = info;
          const source = found.get(searchAttributes.source) ?? '';
          const work = bySource.get(source) ?? {
            deadLetters: { count: 0, oldestAt: null },
            holds: [],
            silentSince: null,
          };
          bySource.set(source, work);
          const since = startTime.getTime();
          if (type === 'hold') work.holds.push({ error: found.get(searchAttributes.error) ?? '', since });
          else if (type === 'silence') work.silentSince = since;
          else {
            work.deadLetters.count += 1;
            work.deadLetters.oldestAt = Math.min(work.deadLetters.oldestAt ?? since, since);
          }
          listed += 1;
          if (listed >= most) break;
        }
      } catch (error) {
        throw toTemporalError(error, 'list what is open');
      }
      return bySource;
    },
  };
}
