import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { toTemporalError } from './temporal-error.ts';

const notFound = 5;

/**
 * Whether a version of a worker deployment gets work: it is the current one, or the one that is being ramped up. Of a deployment that
 * no worker has shown itself with yet, none does.
 *
 * @throws TemporalUnavailableError | TemporalRefusedError
 * @see https://docs.temporal.io/production-deployment/worker-deployments/worker-versioning
 */
export async function getsWork(
  client: Client,
  { deploymentName, buildId }: WorkerDeploymentVersion,
): Promise<boolean> {
  const { namespace } = client.options;
  try {
    const answer = await client.workflowService.describeWorkerDeployment({ namespace, deploymentName });
    const routing = answer.workerDeploymentInfo?.routingConfig;
    return [routing?.currentDeploymentVersion, routing?.rampingDeploymentVersion].some(
      (version) => version?.buildId === buildId,
    );
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === notFound) return false;
    throw toTemporalError(error, `describe the worker deployment ${deploymentName}`);
  }
}

/** The command that gives a version the work of all others of its deployment. */
export function promoteCommand(
  { deploymentName, buildId }: WorkerDeploymentVersion,
  namespace: string,
): string {
  return `temporal worker deployment set-current-version --namespace ${namespace} --deployment-name ${deploymentName} --build-id ${buildId} --yes`;
}
