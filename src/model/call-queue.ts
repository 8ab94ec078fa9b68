/**
 * The task queue in which a limited source's calls to its vendor wait for their turn: see `Source.requestsPerSecond`.
 *
 * @param taskQueue - of the source's workflows
 */
export function callQueue(taskQueue: string, source: string): string {
  return `${taskQueue}:calls:${source}`;
}
