import { Context } from '@temporalio/activity';

/** Below the 30 seconds after which Temporal gives an attempt up, so that the error of the call itself is what is seen. */
const callTimeout = 25_000;

/** Ends a call to the outside when the activity is cancelled, its worker stops, or it has taken too long. */
export function callSignal(): AbortSignal {
  return AbortSignal.any([Context.current().cancellationSignal, AbortSignal.timeout(callTimeout)]);
}
