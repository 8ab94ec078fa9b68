/** Writes what was summed up: every so often, when it is asked to, and for the last time. */
export interface Flusher {
  /** Resolves when what was summed up until now is written. */
  flush(): Promise<void>;
  /** Flushes for the last time. */
  close(): Promise<void>;
}

/**
 * Calls `write` every so many milliseconds, and one call after the other, however long one takes. It keeps no process alive.
 *
 * @param write - must not reject: nobody waits for most of its calls
 */
export function flushEvery(milliseconds: number, write: () => Promise<void>): Flusher {
  let writing: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    writing = writing.then(write);
    return writing;
  };
  const timer = setInterval(() => {
    void flush();
  }, milliseconds);
  timer.unref();
  return {
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
