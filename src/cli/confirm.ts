import { createInterface } from 'node:readline/promises';
import { ConfigurationError } from '../errors.ts';

/**
 * Asks on the terminal; true for "y" or "yes".
 * @throws ConfigurationError where there is no terminal to ask on
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new ConfigurationError(`Nobody can be asked "${question}" here: say so beforehand with --yes.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
