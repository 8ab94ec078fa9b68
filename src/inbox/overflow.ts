/** Whether more events arrive than Temporal starts: they go to the inbox then, and the relay starts them at its pace. */
export interface Overflow {
  begin(): void;
  end(): void;
  lasts(): boolean;
}

/** One for a receiver and the relay beside it. */
export function createOverflow(): Overflow {
  let lasts = false;
  return {
    begin: () => {
      lasts = true;
    },
    end: () => {
      lasts = false;
    },
    lasts: () => lasts,
  };
}
