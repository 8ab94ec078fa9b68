import { z } from 'zod';

/** The address of an API, for a stand-in or a private installation; without a slash at its end. */
export function optionalUrl(): z.ZodType<string | undefined> {
  return z.preprocess(
    emptyAsAbsent,
    z
      .url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
  );
}

/** A text of a certain form, without the white space around it. */
export function optionalText(form: RegExp, error: string): z.ZodType<string | undefined> {
  return z.preprocess(emptyAsAbsent, z.string().trim().regex(form, { error }).optional());
}

/** `NAME=` is how many files leave a setting out. */
function emptyAsAbsent(value: unknown): unknown {
  return typeof value === 'string' && value.trim() === '' ? undefined : value;
}
