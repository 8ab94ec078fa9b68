/** Where things are shown in the Temporal UI. */
export interface UiLinks {
  workflow(workflowId: string, runId?: string | null): string;
  /** The list of the workflows that a filter finds. */
  list(query: string): string;
}

/**
 * Links into a Temporal UI.
 * @param url - where it is, such as `http://localhost:8233`
 */
export function createUiLinks(url: string, namespace: string): UiLinks {
  const workflows = `${url.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return {
    workflow(workflowId, runId) {
      const run = runId == null || runId === '' ? '' : `/${encodeURIComponent(runId)}/history`;
      return `${workflows}/${encodeURIComponent(workflowId)}${run}`;
    },
    list: (query) => `${workflows}?query=${encodeURIComponent(query)}`,
  };
}
