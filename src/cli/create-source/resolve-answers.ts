import { ConfigurationError } from '../../errors.ts';
import { type Answers, type Question, questions } from './questions.ts';

/** Asks one question. @param suggested - what holds without an answer */
export type Ask = (question: Question, suggested: string) => Promise<string>;

/**
 * All that has to be known of a vendor: as given by flags, else as answered, else as usual. `none` stands for nothing.
 *
 * @param ask - null: nobody is there to answer
 * @throws ConfigurationError that names every flag with a mistake
 */
export async function resolveAnswers(name: string, given: Answers, ask: Ask | null): Promise<Answers> {
  const answers: Record<string, string> = { name };
  const problems: string[] = [];
  for (const question of questions) {
    const { key, flag } = question;
    const option = flag.split(' ', 1)[0] ?? flag;
    const matters = question.matters?.(answers) ?? true;
    const byFlag = given[key];
    if (!matters) {
      if (byFlag !== undefined) problems.push(`${option}: has no meaning here`);
      answers[key] = '';
      continue;
    }
    const suggested = question.fallback(answers);
    const answer = asNothing(byFlag ?? (ask === null ? suggested : await ask(question, suggested)));
    const problem = problemWith(question, answer);
    if (problem !== undefined) problems.push(`${option}: ${problem}`);
    answers[key] = answer;
  }
  if (problems.length === 0) return answers;
  throw new ConfigurationError(`This cannot be written as an adapter:\n- ${problems.join('\n- ')}`);
}

/** What is wrong with an answer; undefined where nothing is. */
export function problemWith({ choices, problem }: Question, answer: string): string | undefined {
  if (choices !== undefined && !choices.includes(answer)) return `must be one of ${choices.join(', ')}`;
  return problem?.(asNothing(answer));
}

const asNothing = (answer: string): string => (answer.trim() === 'none' ? '' : answer.trim());
