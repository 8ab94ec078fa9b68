import { Context } from '@temporalio/activity';
import { withTimeout } from '../src/sources/with-timeout.ts';

/** Of the time after which Temporal gives an attempt up: the error of the call itself is what should be seen. */
const share = 5 / 6;

/** Makes a call to the outside, which ends when the activity is cancelled, its worker stops, or it has taken too long. */
export function callOut<Result>(call: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const { cancellationSignal, info } = Context.current();
  return withTimeout(cancellationSignal, Math.floor(info.startToCloseTimeoutMs * share), call);
}
