import { isCancel, select, text } from '@clack/prompts';
import { ConfigurationError } from '../../errors.ts';
import { problemWith, type Ask } from './resolve-answers.ts';

/** Where it is asked. @default the terminal */
interface Terminal {
  input?: NodeJS.ReadStream;
  output?: NodeJS.WriteStream;
}

/** Asks on a terminal. @throws ConfigurationError, from what it returns, where the person ends it */
export function askOnTerminal(terminal: Terminal = {}): Ask {
  return async (question, suggested) => {
    const { sense: message, choices } = question;
    const answer =
      choices === undefined
        ? await text({
            ...terminal,
            message,
            placeholder: suggested === '' ? 'none' : suggested,
            defaultValue: suggested,
            validate: (value) => (value ? problemWith(question, value) : undefined),
          })
        : await select({
            ...terminal,
            message,
            initialValue: suggested,
            options: choices.map((value) => ({ value })),
          });
    if (isCancel(answer)) throw new ConfigurationError('Nothing was written.');
    return answer;
  };
}
