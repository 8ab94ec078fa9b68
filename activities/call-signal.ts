import { Context } from '@temporalio/activity';

/** Of the time after which Temporal gives an attempt up: the error of the call itself is what should be seen. */
const share = 5 / 6;

/** Ends a call to the outside when the activity is cancelled, its worker stops, or it has taken too long. */
export function callSignal(): AbortSignal {
  const { cancellationSignal, info } = Context.current();
  return AbortSignal.any([
    cancellationSignal,
    AbortSignal.timeout(Math.floor(info.startToCloseTimeoutMs * share)),
  ]);
}
