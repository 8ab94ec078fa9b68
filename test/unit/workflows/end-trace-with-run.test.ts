import { TRACE_HEADER } from '@temporalio/interceptors-opentelemetry/lib/instrumentation.js';
import { expect, it } from 'vitest';
import { interceptors } from '../../../workflows/end-trace-with-run.ts';

it('a run that continues as new hands on its headers, but for the trace', async () => {
  const [{ continueAsNew } = {}] = interceptors().outbound ?? [];
  const header = (text: string) => ({ data: Buffer.from(text) });
  const options = { workflowType: 'watch' };
  const headers = { [TRACE_HEADER]: header('trace'), other: header('other') };
  const handedOn = await new Promise((resolve) => {
    void continueAsNew?.({ args: [1], headers, options }, (input) => {
      resolve(input);
      return new Promise(() => undefined);
    });
  });
  expect(handedOn).toEqual({ args: [1], headers: { other: header('other') }, options });
});
