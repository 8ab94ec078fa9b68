import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stripeTypes } from '../../../src/sources/stripe-paths.ts';

const resources = new URL('../../../node_modules/stripe/esm/resources/', import.meta.url);
const texts = new Map<string, string[]>();

/** What the library declares in a folder of its resources, file by file. */
function readFolder(folder: string): string[] {
  const known = texts.get(folder);
  if (known !== undefined) return known;
  const files = readdirSync(new URL(folder, resources)).filter((name) => name.endsWith('.d.ts'));
  const read = files.map((name) => readFileSync(new URL(folder + name, resources), 'utf8'));
  texts.set(folder, read);
  return read;
}

/** The type of an object of Stripe's library that has an id and a call that reads it by that alone; null of all others. */
function typeOf(name: string): string | null {
  const [folder, own = ''] = name.includes('.') ? name.split('.') : ['.', name];
  const declared = readFolder(`${folder}/`).find((text) => text.includes(`export interface ${own} {`)) ?? '';
  const [, rest = ''] = declared.split(`export interface ${own} {`);
  const fields = rest.split('\n}', 1)[0] ?? '';
  const [, type = null] = /\n {4}object: '([\w.]+)'/.exec(fields) ?? [];
  return /\n {4}id: string/.test(fields) && /\bretrieve\(id: string/.test(declared) ? type : null;
}

// What the vendor's own library says its events can be about.
describe('The objects of Stripe’s events', () => {
  it('are known, each one that can be read by its id', () => {
    const events = readFolder('./').find((text) => text.includes('interface AccountUpdatedEvent ')) ?? '';
    const names = [...events.matchAll(/interface Data extends Event\.Data \{\s*object: ([\w.]+);/g)];
    const types = new Set(names.map(([, name = '']) => typeOf(name)).filter((type) => type !== null));
    expect(types.size).toBeGreaterThan(50);
    expect([...types].filter((type) => !stripeTypes.includes(type))).toEqual([]);
  });
});
