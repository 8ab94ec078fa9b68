import { describeFilter, type LetterFilter } from '../model/bulk.ts';
import type { BulkActions, BulkRequest, LetterSurvey } from '../temporal/bulk-actions.ts';
import { confirm } from './confirm.ts';
import { exitCodes } from './exit-codes.ts';
import { renderTable } from './table.ts';
import { describeBulk, exitCodeOfBulk, watchBulk } from './watch-bulk.ts';

/** How a bulk action is begun on the command line. */
export interface ManyOptions {
  dryRun?: boolean;
  yes?: boolean;
  /** False: it is begun, and not waited for. */
  wait: boolean;
  json?: boolean;
}

/**
 * Decides about all dead letters that a filter finds: counts them, asks, begins a bulk action, and waits for its end.
 *
 * @param request - null only counts
 * @returns the exit code
 * @throws ConfigurationError where nobody can be asked; what `BulkActions` throws
 */
export async function decideMany(
  bulk: BulkActions,
  filter: LetterFilter,
  request: Omit<BulkRequest, 'filter'> | null,
  { yes = false, wait, json = false }: ManyOptions,
): Promise<number> {
  const survey = await bulk.survey(filter);
  const say = (text: string) => {
    if (!json) console.log(text);
  };
  const answer = (begun: object | null) => {
    if (json) console.log(JSON.stringify({ survey, bulk: begun }));
  };
  say(describeSurvey(survey, filter));
  if (request === null || survey.letters === 0) {
    answer(null);
    return exitCodes.done;
  }
  if (!yes && !(await confirm(question(request, survey)))) return exitCodes.failed;
  const { id } = await bulk.begin({ ...request, filter });
  if (!wait) {
    say(id);
    answer({ id });
    return exitCodes.done;
  }
  if (process.stderr.isTTY) {
    console.error(
      `${id} goes on without this command: Ctrl-C stops to watch, "landfall bulk pause" stops it.`,
    );
  }
  const ended = await watchBulk(bulk, id);
  say(describeBulk(ended));
  answer(ended);
  return exitCodeOfBulk(ended);
}

/** How many there are of which kind, for people. */
function describeSurvey({ letters, groups, complete }: LetterSurvey, filter: LetterFilter): string {
  if (letters === 0) return 'No dead letter is open.';
  const table = renderTable(
    ['COUNT', 'SOURCE', 'TYPE', 'ERROR'],
    groups.map(({ source, type, error, count }) => [String(count), source, type, error]),
  );
  return `${table}\n${amount({ letters, complete })}: ${describeFilter(filter)}`;
}

function question(
  { kind, atMost = null, canary }: Omit<BulkRequest, 'filter'>,
  survey: LetterSurvey,
): string {
  const all = amount(survey);
  const what = atMost !== null && atMost < survey.letters ? `${atMost} of ${all}` : all;
  const first =
    canary === undefined || canary === 0 ? '' : `, ${Math.min(canary, survey.letters)} of them first`;
  return `${kind} ${what}${first}?`;
}

function amount({ letters, complete }: Pick<LetterSurvey, 'letters' | 'complete'>): string {
  return `${complete ? '' : 'more than '}${letters} dead ${letters === 1 ? 'letter' : 'letters'}`;
}
