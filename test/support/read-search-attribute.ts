import type { WorkflowExecutionDescription } from '@temporalio/client';

/** The value of one of our Keyword attributes, as the Temporal UI shows it; undefined where it is not set. */
export function readSearchAttribute(run: WorkflowExecutionDescription, name: string): unknown {
  return run.typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value;
}
