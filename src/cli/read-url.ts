import { InvalidArgumentError } from 'commander';

/** An http or https URL. */
export function readUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new InvalidArgumentError('Give a URL such as http://127.0.0.1:3000.');
}
