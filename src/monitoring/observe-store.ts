import { type Span, SpanKind } from '@opentelemetry/api';
import { LandfallError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Metrics } from './metrics.ts';
import { beginSpan, failSpan, isTraced } from './tracing.ts';

type Call = (...input: unknown[]) => unknown;

/** The store with each operation timed and its errors counted by its name, and as a span where it is part of a trace. */
export function observeStore(
  store: Store,
  metrics: Pick<Metrics, 'storeSeconds' | 'storeErrors' | 'watchPool'>,
): Store {
  const observed = new Map<unknown, Call>();
  metrics.watchPool(() => store.connections());
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      let call = observed.get(member);
      if (call === undefined) {
        call = observe(String(name), member.bind(target) as Call);
        observed.set(member, call);
      }
      return call;
    },
  });

  function observe(operation: string, call: Call): Call {
    return (...input) => {
      const begun = performance.now();
      const result = call(...input);
      if (!(result instanceof Promise)) return result;
      return settle(operation, result, begun, isTraced() ? beginStoreSpan(operation) : null);
    };
  }

  async function settle(
    operation: string,
    result: Promise<unknown>,
    begun: number,
    span: Span | null,
  ): Promise<unknown> {
    try {
      return await result;
    } catch (error) {
      metrics.storeErrors.inc({ operation, code: error instanceof LandfallError ? error.code : 'Error' });
      if (span !== null) failSpan(span, error);
      throw error;
    } finally {
      metrics.storeSeconds.observe({ operation }, (performance.now() - begun) / 1_000);
      span?.end();
    }
  }
}

/** @see https://opentelemetry.io/docs/specs/semconv/database/database-spans/ */
function beginStoreSpan(operation: string): Span {
  return beginSpan(`store ${operation}`, {
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': operation },
  });
}
