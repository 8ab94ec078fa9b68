/**
 * The part of a workflow's start that makes sources take turns where tasks wait in one task queue: no source waits for another's
 * backlog. It works where the server has fairness switched on (see src/temporal/server-settings.ts), and does nothing elsewhere.
 * Activities and child workflows inherit it. The key fits into the 64 bytes that a server takes: see `sourceKey`.
 *
 * @see https://docs.temporal.io/develop/task-queue-priority-fairness
 */
export function takeTurns(source: string): { priority: { fairnessKey: string } } {
  return { priority: { fairnessKey: source } };
}
