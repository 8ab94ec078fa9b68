import { InvalidArgumentError } from 'commander';

/** A type of events such as `customer.updated`, or how it begins: `customer.*`. */
export function readType(text: string): string {
  if (text !== '' && !text.slice(0, -1).includes('*')) return text;
  throw new InvalidArgumentError('Give a type such as customer.updated, or its beginning such as customer.*');
}
