/** Waiting that can be cut short: when the vendor settles, nobody wants to sit through its pauses; when it closes, none may go on. */
export interface Pauses {
  /** Resolves after the given time, or sooner when hurried or closed. */
  pause(milliseconds: number): Promise<void>;
  /** Ends every pause that is under way, and lets no later one be longer than this, until `relax`. */
  hurry(maximumMilliseconds: number): void;
  relax(): void;
  /** Ends every pause for good. Whoever waited has to look at `closed` before it goes on. */
  close(): void;
  readonly closed: boolean;
}

export function createPauses(): Pauses {
  const waiting = new Map<NodeJS.Timeout, () => void>();
  let longest = Number.POSITIVE_INFINITY;
  let closed = false;

  const endAll = () => {
    for (const [timer, resolve] of waiting) {
      clearTimeout(timer);
      resolve();
    }
    waiting.clear();
  };
  return {
    pause: (milliseconds) =>
      new Promise((resolve) => {
        if (closed) {
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
    close: () => {
      closed = true;
      endAll();
    },
    get closed() {
      return closed;
    },
  };
}
