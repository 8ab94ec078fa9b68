import type { LetterFilter } from '../model/bulk.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import { quote, typeFilter } from './list-filter.ts';

/**
 * The list filter of the open dead letters that are meant. Their age is that of the run: one that was open for so long that it
 * continued as a new run counts from then on.
 */
export function openLetters({ source, type, error, openedBefore, openedAfter }: LetterFilter): string {
  const { source: ofSource, error: ofError } = searchAttributes;
  return [
    "WorkflowType = 'deadLetter'",
    "ExecutionStatus = 'Running'",
    ...(source === undefined ? [] : [`${ofSource.name} = ${quote(source)}`]),
    ...(type === undefined ? [] : [typeFilter(type)]),
    ...(error === undefined ? [] : [`${ofError.name} = ${quote(keyword(error))}`]),
    ...(openedBefore === undefined ? [] : [`StartTime < ${quote(openedBefore)}`]),
    ...(openedAfter === undefined ? [] : [`StartTime >= ${quote(openedAfter)}`]),
  ].join(' AND ');
}
