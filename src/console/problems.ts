import { ZodError } from 'zod';
import { LandfallError } from '../errors.ts';

/** How the console refuses a request: its status by the code that programs may rely on. docs/errors.md lists them. */
export const consoleProblems = {
  LANDFALL_CONSOLE_REQUEST: { status: 400, title: 'This cannot be asked like that' },
  LANDFALL_CONSOLE_LOGIN: { status: 401, title: 'Log in first' },
  LANDFALL_CONSOLE_REFUSED: { status: 403, title: 'This is refused' },
  LANDFALL_CONSOLE_CLOSED: { status: 403, title: 'The console is off' },
  LANDFALL_CONSOLE_UNKNOWN: { status: 404, title: 'There is no such thing' },
  LANDFALL_CONSOLE_BROKEN: { status: 500, title: 'Something is broken here' },
} as const;
export type ConsoleProblemCode = keyof typeof consoleProblems;

/** A request is not answered with what it asks for. The message goes to whoever asked. */
export class RefusedError extends Error {
  readonly code: ConsoleProblemCode;

  constructor(code: ConsoleProblemCode, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  code: string;
}

/** What is told of whatever kept a request from being answered; `isDefect` where it is for the log as well. */
export function toProblem(error: unknown): Problem & { isDefect: boolean } {
  if (error instanceof RefusedError) return refused(error.code, error.message);
  if (error instanceof ZodError) return refused('LANDFALL_CONSOLE_REQUEST', describeMistakes(error));
  if (isMalformed(error)) return refused('LANDFALL_CONSOLE_REQUEST', error.message);
  if (error instanceof LandfallError) {
    const { code, message, retryable } = error;
    const [status, title] = retryable
      ? ([503, 'A part does not answer'] as const)
      : code.endsWith('_UNKNOWN')
        ? ([404, 'There is no such thing'] as const)
        : ([422, 'This was refused'] as const);
    return { status, title, detail: message, code, isDefect: false };
  }
  return { ...refused('LANDFALL_CONSOLE_BROKEN', 'The log of this process says more.'), isDefect: true };
}

function refused(code: ConsoleProblemCode, detail: string): Problem & { isDefect: boolean } {
  return { ...consoleProblems[code], detail, code, isDefect: false };
}

function describeMistakes({ issues }: ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`).join('; ');
}

/** What Express and its body parsers throw where the sender is to blame, such as for half a JSON. */
function isMalformed(error: unknown): error is Error {
  if (!(error instanceof Error) || !('status' in error)) return false;
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500;
}
