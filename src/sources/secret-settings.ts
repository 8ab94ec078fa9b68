import { z } from 'zod';
import { splitList } from '../model/split-list.ts';
import type { Secrets } from '../verification/rotation.ts';

/** A secret from the environment, or from a file that may change: the loader gives a function where it does. */
export type SecretText = string | (() => string);
export type SecretEnv = Readonly<Record<string, SecretText | undefined>>;

const secretText = z.custom<SecretText>(
  (value) => typeof value === 'string' || typeof value === 'function',
  'must be a text',
);

/** Settings that take a function: what they read from a file is then never older than the file. */
const live = new WeakSet<z.core.$ZodType>();

/** Whether a setting of this schema follows its file. */
export function isLive(schema: z.core.$ZodType): boolean {
  return live.has(schema);
}

/**
 * A list of signing secrets in one environment variable, separated by commas, or one a line in the file that
 * `<NAME>_FILE` names: the newest first, old ones while they rotate out.
 */
export function secretList(): z.ZodType<Secrets> {
  return markLive(
    z
      .preprocess((value) => value ?? '', secretText)
      .transform((text): Secrets => {
        if (typeof text === 'string') return split(text);
        let before = text();
        let list = split(before);
        return () => {
          const now = text();
          if (now !== before) [before, list] = [now, split(now)];
          return list;
        };
      }),
  );
}

/** A secret that may be left out, such as an API key: call it each time it is used. */
export function optionalSecret(): z.ZodType<(() => string) | undefined> {
  return markLive(
    z
      .preprocess((value) => (value === '' ? undefined : value), secretText.optional())
      .transform((text) => {
        if (typeof text === 'function' || text === undefined) return text;
        const trimmed = text.trim();
        return trimmed === '' ? undefined : () => trimmed;
      }),
  );
}

/** The name of a source or an account as it stands in variables. */
export function inVariable(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

/** `STRIPE_API_KEY` of the account `eu`: `STRIPE_API_KEY_EU`. */
export function ofAccount(variable: string, account: string): string {
  return `${variable}_${inVariable(account)}`;
}

function markLive<Schema extends z.ZodType>(schema: Schema): Schema {
  live.add(schema);
  return schema;
}

const split = (text: string): string[] => splitList(text, /[,\n]/);
