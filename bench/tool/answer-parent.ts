/**
 * The side of a process that `forkProcess` started: says that it is ready, then answers one message after the other.
 * Ends when its parent does.
 *
 * @param ready - what the parent is told when it may ask
 */
export function answerParent(ready: unknown, answer: (message: unknown) => Promise<unknown>): void {
  const send = process.send?.bind(process);
  if (send === undefined) throw new Error('This process is started by a benchmark, not by hand.');
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    answer(message).then(
      (value) => send({ value }),
      (error: unknown) =>
        send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  send({ value: ready });
}
