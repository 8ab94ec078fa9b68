import { describeTook, nameStep, stepStates } from '../inspection/words.ts';
import type { RunStep } from '../temporal/read-run.ts';
import { oneLine } from './one-line.ts';

/** The steps of a run for people, a line each, and below it each attempt that failed. */
export function describeSteps(steps: readonly RunStep[]): string[] {
  return steps.flatMap((step) => [
    `${step.at} ${nameStep(step)}: ${[stepStates[step.state], ...details(step)].join(', ')}`,
    ...step.failures.flatMap(({ attempt, type, message, causes }) => [
      `  ${attempt === null ? '' : `attempt ${attempt}: `}${type} ${oneLine(message)}`,
      ...causes.map((cause) => `    caused by ${oneLine(cause)}`),
    ]),
  ]);
}

function details(step: RunStep): string[] {
  const { summary, attempts, failures } = step;
  const took = describeTook(step);
  return [
    ...(summary === '' ? [] : [oneLine(summary)]),
    ...(took === null ? [] : [`took ${took}`]),
    ...(attempts === null || (attempts < 2 && failures.length === 0)
      ? []
      : [attempts === 1 ? '1 attempt' : `${attempts} attempts`]),
  ];
}
