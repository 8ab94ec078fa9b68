import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { type LoadJob, loadJobSchema, type LoadResult } from './load-job.ts';

/** Of an event that was not acknowledged, before it is sent again, as a vendor does. */
const pauseMilliseconds = 100;
const note = 'Lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor. '.repeat(8);

// The load generator as a process: distinct signed events in a closed loop over so many connections, each sent until acknowledged.
process.on('message', (message) => {
  void run(loadJobSchema.parse(message)).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function run(job: LoadJob): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: job.connections });
  const latencies = createHistogram({ highest: 120_000_000_000, figures: 3 });
  const acknowledged: string[] = [];
  let next = 0;
  let refused = 0;
  const begun = performance.now();
  const send = async (): Promise<void> => {
    while (next < job.events) {
      const id = `${job.prefix}-${next++}`;
      const body = JSON.stringify({ id, type: 'record.updated', data: { id: `r-${id}`, version: 1, note } });
      const signature = `sha256=${createHmac('sha256', job.secret).update(body).digest('hex')}`;
      for (;;) {
        const sent = process.hrtime.bigint();
        const status = await post(job.url, agent, body, signature);
        if (status !== null && status < 300) {
          latencies.record(process.hrtime.bigint() - sent);
          break;
        }
        refused += 1;
        await wait(pauseMilliseconds);
      }
      acknowledged.push(id);
      if (acknowledged.length === job.tellAfter) process.send?.('told');
    }
  };
  await Promise.all(Array.from({ length: job.connections }, send));
  agent.destroy();
  const milliseconds = (nanoseconds: number): number => nanoseconds / 1e6;
  return {
    acknowledged,
    refused,
    seconds: (performance.now() - begun) / 1_000,
    p50Milliseconds: milliseconds(latencies.percentile(50)),
    p99Milliseconds: milliseconds(latencies.percentile(99)),
  };
}

/** The status of the answer; null where there was none within ten seconds. */
function post(url: string, agent: Agent, body: string, signature: string): Promise<number | null> {
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-bench-signature': signature,
    };
    const outgoing = request(url, { method: 'POST', agent, headers, timeout: 10_000 }, (answer) => {
      answer.resume();
      answer.on('close', () => resolve(answer.complete ? (answer.statusCode ?? null) : null));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(null));
    outgoing.end(body);
  });
}
