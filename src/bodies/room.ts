import { Semaphore } from 'async-mutex';

/**
 * How long somebody waits for room. Vendors wait for their answer ten seconds (GitHub) or less, the time to send the body included;
 * and an activity has as much to spare.
 */
const patienceMilliseconds = 5_000;

/** The memory for large bodies in one process, shared out among them in the order in which they ask. */
export interface Room {
  /**
   * Waits for room.
   * @returns what gives it back; null where there was none in time
   */
  take(bytes: number): Promise<(() => void) | null>;
}

/** Room is given out in pieces of this size: `async-mutex` counts through its free places one by one. */
const pieceBytes = 65_536;

/**
 * @param options.maxBytes - of all that is taken at once; what is larger than that by itself has all of it
 * @param options.withinMilliseconds - how long somebody waits for room
 * @param options.onChange - hears how many bytes are taken
 */
export function createRoom({
  maxBytes,
  withinMilliseconds = patienceMilliseconds,
  onChange = () => undefined,
}: {
  maxBytes: number;
  withinMilliseconds?: number;
  onChange?: (bytes: number) => void;
}): Room {
  const pieces = Math.ceil(maxBytes / pieceBytes);
  const places = new Semaphore(pieces);
  let taken = 0;
  const change = (bytes: number): void => {
    taken += bytes;
    onChange(taken);
  };
  return {
    take(bytes) {
      const needed = Math.min(pieces, Math.max(1, Math.ceil(bytes / pieceBytes)));
      return new Promise((resolve) => {
        let waits = true;
        const giveUp = setTimeout(() => {
          waits = false;
          resolve(null);
        }, withinMilliseconds);
        void places.acquire(needed).then(([, release]) => {
          clearTimeout(giveUp);
          if (!waits) {
            release();
            return;
          }
          change(bytes);
          let left = false;
          resolve(() => {
            if (left) return;
            left = true;
            release();
            change(-bytes);
          });
        });
      });
    },
  };
}
