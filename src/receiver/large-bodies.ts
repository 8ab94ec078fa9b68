/** The memory for large bodies in one receiver: counted as their bytes arrive, given back when their deliveries are answered. */
export interface LargeBodies {
  /** Whether a body of this size could be taken now. Of one that only announces its size, nothing is counted. */
  hasRoomFor(bytes: number): boolean;
  /** A body has grown; false where that is too much for all of them together. Nothing is counted then. */
  grow(fromBytes: number, toBytes: number): boolean;
  /** A body of this size is held no longer. */
  release(bytes: number): void;
}

/**
 * Bounds what large bodies take at once; small ones are never counted, so that no flood of large ones refuses a small one. What
 * was counted of a body that is refused is free at once: of many that come together, some are always read to their end.
 *
 * @param options.aboveBytes - the size above which a body is large
 * @param options.maxBytes - of all large ones together
 * @param options.onChange - hears how many bytes are held
 */
export function createLargeBodies({
  aboveBytes,
  maxBytes,
  onChange = () => undefined,
}: {
  aboveBytes: number;
  maxBytes: number;
  onChange?: (bytes: number) => void;
}): LargeBodies {
  let held = 0;
  const counted = (bytes: number): number => (bytes > aboveBytes ? bytes : 0);
  const hold = (bytes: number): void => {
    if (bytes === 0) return;
    held += bytes;
    onChange(held);
  };
  return {
    hasRoomFor: (bytes) => held + counted(bytes) <= maxBytes,
    grow(fromBytes, toBytes) {
      const more = counted(toBytes) - counted(fromBytes);
      if (held + more > maxBytes && more > 0) return false;
      hold(more);
      return true;
    },
    release(bytes) {
      hold(-counted(bytes));
    },
  };
}

/** For a door that keeps no body: none is counted. */
export const uncounted: LargeBodies = {
  hasRoomFor: () => true,
  grow: () => true,
  release: () => undefined,
};
