/** Waiting that can be cut short: when the vendor settles, nobody wants to sit through its pauses; when it closes, none may go on. */
export interface Pauses {
  /** Resolves after the given time, or sooner when hurried or ended by the signal, at which whoever waited has to look. */
  pause(milliseconds: number): Promise<void>;
  /** Ends every pause that is under way, and lets no later one be longer than this, until `relax`. */
  hurry(maximumMilliseconds: number): void;
  relax(): void;
}

/** @param signal - ends every pause for good */
export function createPauses(signal: AbortSignal): Pauses {
  const waiting = new Map<NodeJS.Timeout, () => void>();
  let longest = Number.POSITIVE_INFINITY;

  const endAll = () => {
    for (const [timer, resolve] of waiting) {
      clearTimeout(timer);
      resolve();
    }
    waiting.clear();
  };
  signal.addEventListener('abort', endAll, { once: true });
  return {
    pause: (milliseconds) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const timer = setTimeout(
          () => {
            waiting.delete(timer);
            resolve();
          },
          Math.min(milliseconds, longest),
        );
        waiting.set(timer, resolve);
      }),
    hurry: (maximumMilliseconds) => {
      longest = maximumMilliseconds;
      endAll();
    },
    relax: () => {
      longest = Number.POSITIVE_INFINITY;
    },
  };
}
