import type { Response } from 'express';

/** How the receiver refuses a request: its status by the code that clients may rely on. docs/errors.md lists them. */
export const problems = {
  LANDFALL_REQUEST_BROKEN: { status: 400, title: 'The request ended before its body was complete' },
  LANDFALL_SIGNATURE_REFUSED: { status: 401, title: 'The signature was refused' },
  LANDFALL_ADDRESS_REFUSED: { status: 403, title: 'Deliveries are not taken from this address' },
  LANDFALL_SOURCE_UNKNOWN: { status: 404, title: 'There is no such source' },
  LANDFALL_PATH_UNKNOWN: { status: 404, title: 'There is nothing at this path' },
  LANDFALL_METHOD_NOT_ALLOWED: { status: 405, title: 'Only POST is taken here' },
  LANDFALL_REQUEST_TOO_SLOW: { status: 408, title: 'The request took too long' },
  LANDFALL_BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  LANDFALL_CONTENT_TYPE_REFUSED: { status: 415, title: 'Only uncompressed JSON is taken' },
  LANDFALL_HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  LANDFALL_INTERNAL: { status: 500, title: 'Something is broken here' },
  LANDFALL_NOT_ACCEPTED: { status: 503, title: 'The event could not be made durable' },
  LANDFALL_BUSY: { status: 503, title: 'Too many deliveries of the source are under way' },
} as const;
export type ProblemCode = keyof typeof problems;

/** Seconds after which a vendor should send again what we could not take. */
const retryAfterSeconds = 30;

/** Answers that nothing was accepted, and when to send it again. */
export function sendUnavailable(response: Response, detail: string): void {
  response.set('Retry-After', String(retryAfterSeconds));
  sendProblem(response, 'LANDFALL_NOT_ACCEPTED', detail);
}

/**
 * Answers with a problem.
 * @param more - further members, such as the `reason` of a refused signature
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export function sendProblem(
  response: Response,
  code: ProblemCode,
  detail: string,
  more: Record<string, string> = {},
): void {
  response
    .status(problems[code].status)
    .type('application/problem+json')
    .send(problemBody(code, detail, more));
}

/** The problem as JSON. */
export function problemBody(code: ProblemCode, detail: string, more: Record<string, string> = {}): string {
  const { status, title } = problems[code];
  return JSON.stringify({ type: 'about:blank', title, status, detail, code, ...more });
}
