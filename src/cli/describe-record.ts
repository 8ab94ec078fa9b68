import type { RecordComparison } from '../inspection/compare-records.ts';
import type { EntityTimeline, TimelineEntry } from '../inspection/entity-timeline.ts';
import { nameOutcome, timelineKinds } from '../inspection/words.ts';
import type { VendorRecord } from '../inspection/vendor-record.ts';
import { describeEntity } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import { describeVersion } from '../model/version.ts';
import { describeSteps } from './describe-steps.ts';
import { section } from './section.ts';
import { renderTable } from './table.ts';

/** A record for people: all that happened to it, our copy, and the vendor's where that was asked for. */
export function describeRecord({ source, entity, record, temporal }: EntityTimeline): string {
  const known = 'answer' in temporal ? temporal.answer : null;
  return [
    `${source} ${describeEntity(entity)}: ${describeHere(record)}`,
    ...('failure' in temporal ? [`${temporal.failure.message} What happened cannot be shown.`] : []),
    ...section('What happened to it', (known?.entries ?? []).flatMap(describeEntry)),
    ...(known?.entries.length === 0
      ? ['Temporal knows of nothing: nothing came in, or it was longer ago than closed runs are kept.']
      : []),
    ...(record.differences === null
      ? []
      : section('Fields that differ', describeDifferences(record.differences))),
    ...(record.here === null || record.here.deleted ? [] : section('Here', [print(record.here.data)])),
    ...(record.vendor === null ? [] : section('At the vendor, just now', describeVendor(record.vendor))),
  ].join('\n');
}

/** Whether anybody has ever heard of it. */
export function isRecordKnown({ record, temporal }: EntityTimeline): boolean {
  return record.here !== null || !('answer' in temporal) || temporal.answer.entries.length > 0;
}

function describeHere({ here }: RecordComparison): string {
  if (here === null) return 'there is no copy of it';
  return `${here.deleted ? 'deleted, ' : ''}${describeVersion(here)}, revision ${here.revision}`;
}

function describeEntry({ kind, run, eventId, mark, stale, steps }: TimelineEntry): string[] {
  const { startedAt, status, outcome, error, eventType } = run;
  const state = kind === 'case' ? (status === 'RUNNING' ? 'open' : 'closed') : nameOutcome(outcome, status);
  const incomplete = mark !== null && !mark.complete ? ', not complete' : '';
  return [
    `${startedAt} ${timelineKinds[kind]}: ${state}${incomplete} (${[eventType, eventId, error].filter(Boolean).join(' ')})`,
    ...(stale === null
      ? []
      : [
          `  dropped, because our copy was newer: it read ${told(stale.version)}, and we had ${told(stale.previous)}`,
        ]),
    ...describeSteps(steps ?? []).map((line) => `  ${line}`),
  ];
}

function told(version: NonNullable<TimelineEntry['stale']>['version']): string {
  return version === null ? 'nothing' : describeVersion(version);
}

function describeDifferences(differences: NonNullable<RecordComparison['differences']>): string[] {
  if (differences.length === 0) return ['none: the two are equal'];
  return [
    renderTable(
      ['FIELD', 'HERE', 'AT THE VENDOR'],
      differences.map(({ pointer, here, there }) => [
        pointer === '' ? 'the whole' : pointer,
        brief(here),
        brief(there),
      ]),
    ),
  ];
}

function describeVendor(vendor: VendorRecord): string[] {
  switch (vendor.kind) {
    case 'gone':
      return ['The vendor does not have it any more.'];
    case 'unknown':
      return [vendor.why];
    case 'record':
      return [`${vendor.deleted ? 'deleted, ' : ''}${describeVersion(vendor.version)}`, print(vendor.data)];
  }
}

function print(data: JsonValue): string {
  return JSON.stringify(data, null, 2);
}

const longest = 60;

function brief(value: JsonValue | undefined): string {
  if (value === undefined) return '–';
  const text = JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
