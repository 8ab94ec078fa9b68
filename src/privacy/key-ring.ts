import { ConfigurationError } from '../errors.ts';
import { splitList } from '../model/split-list.ts';
import { keyBytes } from './aes-gcm.ts';

/** A key and the name that stands beside what it has encrypted. */
export interface PayloadKey {
  id: string;
  key: Buffer;
}

/** The keys of a process: the first encrypts, all decrypt. Asked anew each time, since their file may have changed. */
export interface KeyRing {
  /** null where no key is set: nothing is encrypted then. */
  current(): PayloadKey | null;
  find(id: string): PayloadKey | null;
}

/** No key: what is encrypted cannot be read, and nothing is encrypted. */
export const noKeys: KeyRing = { current: () => null, find: () => null };

const idPattern = /^[\w.-]{1,64}$/;
const example = 'Give <name>:<key> for each, such as "2026-11:" and what `openssl rand -base64 32` prints.';

/**
 * The keys in a text: `<name>:<32 bytes in base64>`, separated by commas, or one a line.
 *
 * @param text - a function where it may change: a malformed one is then passed over, and what was read before holds
 * @param onKey - told of the text of each key, so that it can be redacted
 * @throws ConfigurationError where the first text is malformed; never with the key in it
 */
export function createKeyRing(text: string | (() => string), onKey: (text: string) => void): KeyRing {
  let known = typeof text === 'string' ? text : text();
  let keys = parse(known, onKey);
  const newest = (): readonly PayloadKey[] => {
    if (typeof text === 'string') return keys;
    const now = text();
    if (now !== known) {
      known = now;
      try {
        keys = parse(now, onKey);
      } catch {
        // Half-written, or mistyped: a process that runs goes on with what it has, and the next start says what is wrong.
      }
    }
    return keys;
  };
  return {
    current: () => newest()[0] ?? null,
    find: (id) => newest().find((key) => key.id === id) ?? null,
  };
}

function parse(text: string, onKey: (text: string) => void): PayloadKey[] {
  const keys = splitList(text, /[,\n]/).map((entry, index): PayloadKey => {
    const [id = '', encoded = ''] = entry.split(':', 2).map((part) => part.trim());
    const which = `key ${index + 1}`;
    if (!idPattern.test(id)) {
      throw new ConfigurationError(`${which} has no name of letters, digits, ".", "_" and "-". ${example}`);
    }
    const key = Buffer.from(encoded, 'base64');
    if (key.length !== keyBytes || key.toString('base64') !== encoded) {
      throw new ConfigurationError(`${which} ("${id}") is not ${keyBytes} bytes in base64. ${example}`);
    }
    onKey(encoded);
    return { id, key };
  });
  const twice = keys.find(({ id }, index) => keys.findIndex((each) => each.id === id) !== index);
  if (twice !== undefined) {
    throw new ConfigurationError(`two keys have the name "${twice.id}": each needs one of its own.`);
  }
  if (keys.length === 0) throw new ConfigurationError(`there is no key in it. ${example}`);
  return keys;
}
