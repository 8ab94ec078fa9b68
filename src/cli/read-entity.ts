import { InvalidArgumentError } from 'commander';
import type { EntityRef } from '../model/event.ts';

/** Reads `<type>/<id>`. @throws InvalidArgumentError */
export function readEntity(text: string): EntityRef {
  const slash = text.indexOf('/');
  if (slash < 1 || slash === text.length - 1) {
    throw new InvalidArgumentError('Write it as <type>/<id>, such as customer/cus_123.');
  }
  return { type: text.slice(0, slash), id: text.slice(slash + 1) };
}
