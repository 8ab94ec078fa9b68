import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/** Texts by name: a body and headers, or a text alone. Of bytes, a character each (Latin-1). */
export type FuzzInput = Readonly<Record<string, string>>;

/** A parser, and what has to be true of it whatever it is given. */
export interface FuzzTarget {
  /** Its inputs are kept in `test/corpus/<name>.json`. */
  name: string;
  /** Inputs as they should be, beside those of the corpus. */
  sound?: readonly FuzzInput[];
  /** What its inputs are made of. */
  words: readonly string[];
  /** Throws where something is wrong; says what came of it, in words that are the same for inputs that are treated alike. */
  check(input: FuzzInput): Promise<string> | string;
  /** An outcome that inputs of the corpus must reach: without it the parser refuses all, and nothing behind it is tried. */
  reaches: RegExp;
}

/** `npm run fuzz` sets how long each target is tried; without it each has a few hundred inputs. */
const seconds = Number(process.env['LANDFALL_FUZZ'] ?? 0);
const runs = 300;
const batch = 1_000;
/** Of the inputs that are kept for what came of them; one that failed is kept whatever it is. */
const longest = 1_000;
const most = 30;

/**
 * Tests a parser with every input of its corpus, and with inputs made of those. `npm run fuzz` goes on for longer and adds to the
 * corpus whatever fails, and the first input of each outcome that it had not seen.
 */
export function fuzz(target: FuzzTarget): void {
  const corpus = openCorpus(target.name);
  const seen = new Set<string>();
  const check = async (input: FuzzInput): Promise<string> => {
    const outcome = (await target.check(input)).replaceAll(/"[^"]*"|'[^']*'|\d+/g, '#').slice(0, 100);
    return outcome;
  };
  const sound = target.sound ?? [];

  describe(target.name, { timeout: 60_000 + seconds * 2_000 }, () => {
    it('stands each input of its corpus', async () => {
      for (const input of [...sound, ...corpus.inputs]) seen.add(await check(input));
      expect([...seen]).toContainEqual(expect.stringMatching(target.reaches));
    });

    it('stands whatever is made of them', async () => {
      const end = Date.now() + seconds * 1_000;
      do {
        const failed: FuzzInput[] = [];
        const found = new Map<string, FuzzInput>();
        const property = fc.asyncProperty(
          mutated([...sound, ...corpus.inputs], target.words),
          async (input) => {
            failed[0] = input;
            const outcome = await check(input);
            failed.length = 0;
            if (!seen.has(outcome) && JSON.stringify(input).length <= longest) {
              seen.add(outcome);
              found.set(outcome, input);
            }
          },
        );
        const result = await fc.check(property, { numRuns: seconds > 0 ? batch : runs });
        if (seconds > 0) {
          const kept = result.failed ? failed : [...found.values()].slice(0, most - corpus.inputs.length);
          corpus.add(kept);
        }
        if (result.failed) throw new Error(fc.defaultReportMessage(result) ?? 'It failed.');
      } while (Date.now() < end);
    });
  });
}

const inputs = z.array(z.record(z.string(), z.string()));

function openCorpus(name: string): { inputs: FuzzInput[]; add(more: readonly FuzzInput[]): void } {
  const file = new URL(`../corpus/${name}.json`, import.meta.url);
  const known: FuzzInput[] = existsSync(file) ? inputs.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
  return {
    inputs: known,
    add(more) {
      if (more.length === 0) return;
      known.push(...more);
      writeFileSync(file, `[\n${known.map((input) => JSON.stringify(input)).join(',\n')}\n]\n`);
    },
  };
}

/** One of the inputs, with some places changed. */
function mutated(from: readonly FuzzInput[], words: readonly string[]): fc.Arbitrary<FuzzInput> {
  const insert = fc.oneof(
    fc.constantFrom(...words),
    fc.constantFrom(
      '',
      '\0',
      '\r\n',
      ' ',
      '\uFEFF',
      '\u202E',
      '\uD800',
      '%',
      '__proto__',
      '-1',
      '1e999',
      'NaN',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.tuple(fc.constantFrom('9', '[', '{"a":', 'a', '/'), fc.nat(3_000)).map(([text, n]) => text.repeat(n)),
    fc.nat().map((at) => ({ at })),
  );
  const edit = fc.record({
    name: fc.nat(),
    at: fc.nat(),
    remove: fc.oneof(fc.constant(0), fc.nat(4), fc.nat(1_000)),
    insert,
  });
  const drop = fc.record({ name: fc.nat(), drop: fc.constant(true) });
  const edits = fc.array(fc.oneof({ weight: 9, arbitrary: edit }, { weight: 1, arbitrary: drop }), {
    maxLength: 5,
  });
  return fc.tuple(fc.constantFrom(...from), edits).map(([input, changes]) => {
    const result: Record<string, string> = { ...input };
    for (const change of changes) {
      const names = Object.keys(result);
      const name = names[change.name % names.length] ?? 'body';
      const text = result[name] ?? '';
      if ('drop' in change) {
        // Nothing is left out whose absence is no input: a body can be empty, and not away.
        if (name === 'body' || name === 'text') result[name] = '';
        else Reflect.deleteProperty(result, name);
        continue;
      }
      const at = change.at % (text.length + 1);
      const inserted =
        typeof change.insert === 'string' ? change.insert : text.slice(change.insert.at % (text.length + 1));
      result[name] = text.slice(0, at) + inserted + text.slice(at + change.remove);
    }
    return result;
  });
}
