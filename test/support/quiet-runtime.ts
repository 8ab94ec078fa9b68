import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

/** The SDK's runtime is one of the process, and would otherwise report each worker's state on the terminal. */
export function quietRuntime(): void {
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  installed = true;
}
