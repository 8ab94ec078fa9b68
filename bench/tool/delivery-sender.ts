import { Agent } from 'undici';
import { z } from 'zod';
import { hmacScheme } from '../../src/verification/hmac.ts';
import { benchEventBody, benchScheme, benchSecret } from './bench-event.ts';
import type { LoadJob } from './load-job.ts';
import type { Sender } from './sender.ts';

const answerSchema = z.object({ duplicate: z.boolean() });

/** Posts events as a vendor does: each body its own, signed when it is sent, on connections that stay open. */
export function createDeliverySender(
  { urls }: Extract<LoadJob['target'], { kind: 'deliveries' }>,
  prefix: string,
  connections: number,
): Sender {
  const agent = new Agent({ connections, pipelining: 1 });
  const targets = urls.map((url) => new URL(url));
  const scheme = hmacScheme({ ...benchScheme, secrets: [benchSecret] });
  return {
    async send(number) {
      const target = targets[number % targets.length];
      if (target === undefined) throw new Error('There is no address to post to.');
      const id = `${prefix}-${number}`;
      const body = Buffer.from(JSON.stringify(benchEventBody(id)));
      const signature = await scheme.sign(body, { id, now: Date.now() });
      try {
        const answer = await agent.request({
          origin: target.origin,
          path: target.pathname,
          method: 'POST',
          headers: { 'content-type': 'application/json', ...signature },
          body,
        });
        const text = await answer.body.text();
        if (answer.statusCode < 200 || answer.statusCode > 299) return 'refused';
        if (answerSchema.parse(JSON.parse(text)).duplicate) return 'duplicate';
        return answer.statusCode === 202 ? 'inboxed' : 'accepted';
      } catch {
        return 'refused';
      }
    },
    close: () => agent.close(),
  };
}
