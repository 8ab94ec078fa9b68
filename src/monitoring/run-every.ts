/** Something that is done again and again, for as long as the process runs. */
export interface Repeated {
  /** Resolves when what is under way has ended; nothing is begun any more. */
  stop(): Promise<void>;
}

/**
 * Does `work` every so many milliseconds, and never twice at once. It keeps no process alive.
 *
 * @param work - must not reject: nobody waits for it. `signal` aborts when it is to stop
 */
export function runEvery(milliseconds: number, work: (signal: AbortSignal) => Promise<void>): Repeated {
  const stopping = new AbortController();
  let underWay: Promise<void> | null = null;
  const timer = setInterval(() => {
    underWay ??= work(stopping.signal).finally(() => {
      underWay = null;
    });
  }, milliseconds);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await underWay;
    },
  };
}
