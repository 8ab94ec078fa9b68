import type { Request, Response } from 'express';
import { z } from 'zod';
import { fieldsOf } from '../cross-site.ts';
import { operatorOf } from '../gate.ts';
import { rememberName } from '../names.ts';

/** Why something is done: the audit log is of no use without it. */
export const readReason = z.string().trim().min(1, 'say why').max(1_500);

const bySchema = z.object({ by: z.string().trim().min(1, 'say who you are').max(200) });

/**
 * Who decides: as the proxy says, whatever the form says; else as the form says, which is remembered for the next one.
 * @throws ZodError where nobody does
 */
export function decider(request: Request, response: Response): string {
  const { name } = operatorOf(response);
  if (name !== null) return name;
  const { by } = bySchema.parse(fieldsOf(request));
  rememberName(request, response, by);
  return by;
}
