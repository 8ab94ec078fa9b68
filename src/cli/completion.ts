import type { Complete, RootCommand } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { examples } from './examples.ts';

/** What the values of a command line can be, as they are known when somebody presses Tab. */
export interface KnownValues {
  sources(): Promise<readonly string[]>;
  /** By command: the ids that its own commands take. */
  ids: Readonly<Record<string, (() => Promise<readonly string[]>) | undefined>>;
}

/** What the shells call: `landfall complete -- <words>`. */
const request = 'complete';

/**
 * Adds `landfall completion <shell>`, which prints the script for a shell, and what that script calls. Called last: it completes the
 * commands that are there.
 *
 * @param words - of this command line. Only one that asks for completions asks for values, and only for those that it can take
 */
export async function addCompletion(
  program: Command,
  words: readonly string[],
  known: KnownValues,
): Promise<void> {
  const root = tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('print the script that completes commands, for a shell')
    .addHelpText('after', examples('source <(landfall completion bash)', 'landfall completion fish | source'))
    .hook('postAction', (_, { args }) => {
      if (args[0] === 'bash') console.log(bashColons);
    });
  if (words[0] !== request) return;
  const [name = '', sub = ''] = words.filter((word) => !word.startsWith('-')).slice(1);
  const path = `${name} ${sub}`;
  if (words.includes('--source') || takesSource.has(name) || takesSource.has(path)) {
    offerSources(root, await soon(known.sources()));
  }
  const ids = known.ids[name];
  if (ids !== undefined && root.commands.get(path)?.arguments.has('id') === true) {
    offer(root, path, 'id', await soon(ids()));
  }
}

/** Commands whose argument is a source. */
const takesSource = new Set(['send', 'listen', 'reconcile', 'erase', 'records show', 'sources show']);

function offerSources(root: RootCommand, sources: readonly string[]): void {
  for (const command of root.commands.values()) {
    const option = command.options.get('source');
    if (option !== undefined) option.handler = handler(sources);
  }
  for (const name of takesSource) offer(root, name, 'source', sources);
}

function offer(root: RootCommand, path: string, argument: string, values: readonly string[]): void {
  const found = root.commands.get(path)?.arguments.get(argument);
  if (found !== undefined) found.handler = handler(values);
}

function handler(values: readonly string[]): (complete: Complete) => void {
  return (complete) => {
    for (const value of values.filter(isHarmless)) complete(value, '');
  };
}

/** A vendor's event id is put on somebody's command line as it is, so it must mean nothing to the shell. */
function isHarmless(value: string): boolean {
  return /^[\w./:@+-]+$/.test(value);
}

const patienceMilliseconds = 2_000;

/** Nobody waits for long behind a Tab, and nobody wants to read there why there is no answer. */
async function soon(values: Promise<readonly string[]>): Promise<readonly string[]> {
  const late = new Promise<readonly string[]>((resolve) => {
    setTimeout(() => {
      resolve([]);
    }, patienceMilliseconds).unref();
  });
  return Promise.race([values.catch(() => []), late]);
}

/** To bash a colon ends a word: of `stripe:evt_1`, what stands before it is there already. */
const bashColons = `
__landfall_complete_colons() {
    __landfall_complete
    local cur
    _get_comp_words_by_ref -n "=:" cur
    __ltrim_colon_completions "$cur"
}
complete -F __landfall_complete_colons landfall`;
