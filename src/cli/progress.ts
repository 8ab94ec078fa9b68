import { setTimeout as wait } from 'node:timers/promises';
import cliProgress from 'cli-progress';

// It is CommonJS, of which Node sees no names.
const { Format, Presets, SingleBar } = cliProgress;

/** How far long work is. */
export interface Progress {
  done: number;
  /** null: nobody knows how much there is. */
  total: number | null;
  /** A few words behind the bar. */
  text: string;
}

const pollMilliseconds = 1_000;

/**
 * Waits for work that goes on elsewhere, and shows on a terminal how far it is. Elsewhere nothing is shown, so that what a script
 * captures is the result alone.
 *
 * @param look - asked each second; an answer that cannot be had is left out
 * @param stream - @default standard error
 */
export async function withProgress<Result>(
  work: Promise<Result>,
  look: () => Promise<Progress | null>,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<Result> {
  if (!stream.isTTY) return work;
  const bar = new SingleBar(
    {
      stream,
      format: (options, { value, total, progress }, { known, text }: { known: boolean; text: string }) => {
        const line = known ? `${Format.BarFormat(progress, options)} ${value}/${total} ${text}` : text;
        return line.slice(0, stream.columns - 1);
      },
      clearOnComplete: true,
      barsize: 30,
      // Without it the terminal would be left so by Ctrl-C.
      linewrap: true,
    },
    Presets.shades_classic,
  );
  const over = new AbortController();
  const end = () => {
    over.abort();
    return null;
  };
  // Whoever awaits the work hears of its failure.
  const ended = work.then(end, end);
  bar.start(1, 0, { known: false, text: '…' });
  while (!over.signal.aborted) {
    const progress = await Promise.race([look().catch(() => null), ended]);
    if (progress !== null) show(bar, progress);
    await wait(pollMilliseconds, undefined, { signal: over.signal }).catch(() => undefined);
  }
  bar.stop();
  return work;
}

function show(bar: cliProgress.SingleBar, { done, total, text }: Progress): void {
  const known = total !== null && total > 0;
  bar.setTotal(known ? total : 1);
  bar.update(known ? Math.min(done, total) : 0, { known, text });
}
