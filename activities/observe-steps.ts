import { SpanKind } from '@opentelemetry/api';
import { handlerPrefix } from '../src/handlers/define-handler.ts';
import type { EventRef } from '../src/model/event.ts';
import { deliverStep } from '../src/model/land-event.ts';
import { inSpan } from '../src/monitoring/tracing.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Activities } from './types.ts';

type Steps = Pick<Activities, 'fetchRecord' | 'applyRecord' | 'deliver'>;

/**
 * The steps of an event, each timed and a span of its own, whichever activity takes it. The write to a destination is the span
 * that the destination's own request carries on.
 */
export function observeSteps(steps: Steps, { metrics }: Pick<ActivityDependencies, 'metrics'>): Steps {
  const observe = <Result>(
    { source, id }: EventRef,
    step: string,
    kind: SpanKind,
    work: () => Promise<Result>,
  ): Promise<Result> => {
    const attributes = { 'landfall.source': source, 'landfall.event.id': id, 'landfall.step': step };
    return inSpan(step, { kind, attributes }, async () => {
      const timed = metrics.stepSeconds.startTimer({ source, step });
      let result = 'failed';
      try {
        const value = await work();
        result = 'done';
        return value;
      } finally {
        timed({ result });
      }
    });
  };
  return {
    fetchRecord: (input) =>
      observe(input.event, 'fetchRecord', SpanKind.CLIENT, () => steps.fetchRecord(input)),
    applyRecord: (input) =>
      observe(input.event, 'applyRecord', SpanKind.INTERNAL, () => steps.applyRecord(input)),
    deliver: (input) => {
      const { event, destination } = input;
      const kind = destination.startsWith(handlerPrefix) ? SpanKind.INTERNAL : SpanKind.CLIENT;
      return observe(event, deliverStep(destination), kind, () => steps.deliver(input));
    },
  };
}
