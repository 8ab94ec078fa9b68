/** Resolves at the first SIGINT or SIGTERM; the second ends the process at once. */
export function untilStopped(): { stopped: Promise<NodeJS.Signals>; signal: AbortSignal } {
  const controller = new AbortController();
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
      resolve(signal);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  return { stopped, signal: controller.signal };
}
