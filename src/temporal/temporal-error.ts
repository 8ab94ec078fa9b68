import { isGrpcServiceError } from '@temporalio/client';
import { LandfallError, TemporalRefusedError, TemporalUnavailableError } from '../errors.ts';

/** gRPC codes that another try cannot mend: INVALID_ARGUMENT, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED. */
const refusals: ReadonlySet<number> = new Set([3, 7, 12, 16]);

/**
 * Any failure of the Temporal client as one of ours. An expired deadline counts as unavailable: the call may have been
 * carried out, and making it again is safe because of the workflow's id.
 *
 * @see https://grpc.io/docs/guides/status-codes/
 */
export function toTemporalError(error: unknown, what: string): LandfallError {
  // Of the codec: it says by itself which key is missing.
  if (error instanceof LandfallError) return error;
  const status = isGrpcServiceError(error) ? error : undefined;
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : status;
  if (cause !== undefined && refusals.has(cause.code)) {
    return new TemporalRefusedError(`Temporal refuses to ${what}: ${cause.details}`, { cause: error });
  }
  // The client ends some of its sentences with a note that is empty.
  const details = cause?.details.replace(/ Resolution note: *$/, '');
  const why = details ?? (error instanceof Error ? error.message : String(error));
  return new TemporalUnavailableError(`Temporal did not ${what}: ${why}`, { cause: error });
}

/** gRPC NOT_FOUND, of a call of the service's own: there is no such run, it is closed, or its history has been deleted. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 5;
}
