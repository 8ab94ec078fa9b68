import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { askOnTerminal } from '../../../src/cli/create-source/ask-on-terminal.ts';
import { questions } from '../../../src/cli/create-source/questions.ts';
import { ConfigurationError } from '../../../src/errors.ts';

const find = (key: string) => questions.find((question) => question.key === key)!;

/** A terminal at which somebody types when a question is seen. */
function open() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => (shown += text));
  const terminal = {
    input: Object.assign(input, { isTTY: true, setRawMode: () => input }) as unknown as NodeJS.ReadStream,
    output: Object.assign(output, { isTTY: true, columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream,
  };
  return {
    ask: askOnTerminal(terminal),
    async type(keys: string, once: string) {
      await expect.poll(() => shown).toContain(once);
      input.write(keys);
    },
    shown: () => shown,
  };
}

it('takes what is typed, and what is usual where nothing is', async () => {
  const typed = open();
  const answer = typed.ask(find('entity'), 'record');
  await typed.type('invoice\r', 'What kind of record');
  expect(await answer).toBe('invoice');

  const nothing = open();
  const usual = nothing.ask(find('entity'), 'record');
  await nothing.type('\r', 'What kind of record');
  expect(await usual).toBe('record');
});

it('says at once what is wrong with an answer', async () => {
  const terminal = open();
  const answer = terminal.ask(find('idField'), 'id');
  await terminal.type('items.0.id\r', "the event's id");
  await terminal.type('\u0008'.repeat(10) + 'event_id\r', 'must not lead into an array');
  expect(await answer).toBe('event_id');
});

it('offers what there is to choose from', async () => {
  const terminal = open();
  const answer = terminal.ask(find('encoding'), 'hex');
  await terminal.type('\u001b[B\r', 'base64');
  expect(await answer).toBe('base64');
});

it('writes nothing where the person ends it', async () => {
  const terminal = open();
  const answer = terminal.ask(find('entity'), 'record');
  await terminal.type('\u0003', 'What kind of record');
  await expect(answer).rejects.toThrow(ConfigurationError);
});
