/**
 * Makes a call that ends when `signal` aborts, or after so long. (`AbortSignal.any` and `AbortSignal.timeout` do the same, but
 * hold what they were made of until the time is over, and cost more than the rest of a short call.)
 *
 * @throws DOMException named TimeoutError, by way of the call, when the time is over
 */
export async function withTimeout<Result>(
  signal: AbortSignal,
  milliseconds: number,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(signal.reason);
  };
  const timer = setTimeout(() => {
    controller.abort(new DOMException(`It took longer than ${milliseconds} ms.`, 'TimeoutError'));
  }, milliseconds);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await call(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
