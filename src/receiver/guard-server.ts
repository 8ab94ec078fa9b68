import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type CutOff, maxHeaders, type ServerLimits } from './limits.ts';
import { type ProblemCode, problemBody, problems } from './problem.ts';

/**
 * Holds a server to its limits where no request is there yet that could be answered: connections beyond them are closed, and what is
 * too slow, too large or no HTTP is answered with a problem and cut off.
 *
 * @param options.answering - whether an answer has begun on the connection: nothing may be written into it then
 * @param options.onCutOff - told of each
 */
export function guardServer(
  server: Server,
  {
    limits,
    answering,
    onCutOff,
  }: { limits: ServerLimits; answering: (socket: Duplex) => boolean; onCutOff: (reason: CutOff) => void },
): void {
  // One more is read than may be sent, so that too many are refused and not passed over.
  server.maxHeadersCount = maxHeaders + 1;
  server.maxConnections = limits.maxConnections;
  server.on('drop', () => onCutOff('too_many_connections'));
  if (limits.maxConnectionsPerAddress !== null) {
    const admit = countByAddress(limits.maxConnectionsPerAddress, limits);
    server.on('connection', (socket) => {
      if (admit(socket)) return;
      onCutOff('too_many_of_address');
      socket.destroy();
    });
  }
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const refusal = refusalOf(error.code ?? '');
    if (refusal === null) {
      socket.destroy();
      return;
    }
    onCutOff(refusal.reason);
    if (socket.writable && !answering(socket)) socket.write(rawAnswer(refusal.code, refusal.detail));
    socket.destroy();
  });
}

/** Whether a connection may stay; it counts for its address until it is closed. */
function countByAddress(
  most: number,
  { trustedProxies }: Pick<ServerLimits, 'trustedProxies'>,
): (socket: Socket) => boolean {
  const open = new Map<string, number>();
  return (socket) => {
    const { remoteAddress: address } = socket;
    if (address === undefined || trustedProxies?.includes(address) === true) return true;
    const count = open.get(address) ?? 0;
    if (count >= most) return false;
    open.set(address, count + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    return true;
  };
}

/** null where the client went away: there is nobody to answer. */
function refusalOf(code: string): { reason: CutOff; code: ProblemCode; detail: string } | null {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return {
      reason: 'too_slow',
      code: 'LANDFALL_REQUEST_TOO_SLOW',
      detail: 'The request took too long. Send it again.',
    };
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      reason: 'headers_too_large',
      code: 'LANDFALL_HEADERS_TOO_LARGE',
      detail: 'The headers are larger than those of any delivery.',
    };
  }
  if (!code.startsWith('HPE_')) return null;
  return {
    reason: 'broken',
    code: 'LANDFALL_REQUEST_BROKEN',
    detail: 'This is no HTTP request, or only a part of one.',
  };
}

/** What is sent where Node has made no response yet. */
function rawAnswer(code: ProblemCode, detail: string): string {
  const body = problemBody(code, detail);
  const { status } = problems[code];
  return [
    `HTTP/1.1 ${status} ${problems[code].title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
