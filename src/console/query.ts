import { z } from 'zod';

/** One value of an address or of a form: what is empty was not given. */
export const given = z
  .string()
  .trim()
  .max(300)
  .transform((text) => (text === '' ? undefined : text))
  .optional();

/** One value that has to be given. */
export const required = z.string().trim().min(1, 'is missing').max(300);
