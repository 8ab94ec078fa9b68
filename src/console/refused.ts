import type { ProblemCode } from '../receiver/problem.ts';

/** A request is not answered with what it asks for. The message goes to whoever asked. */
export class RefusedError extends Error {
  readonly code: ProblemCode;

  constructor(code: ProblemCode, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}
