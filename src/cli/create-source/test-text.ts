import { type JsonValue, textOf } from '../../model/json.ts';
import { readPointer } from '../../sources/json-pointer.ts';
import { indent, pointer, property, quote } from './code.ts';
import type { Place, SourcePlan } from './plan.ts';

/** What the generated test is run by. */
export const runners = ['vitest', 'jest', 'node'] as const;
export type Runner = (typeof runners)[number];

const testFrom: Record<Runner, string> = { vitest: 'vitest', jest: '@jest/globals', node: 'node:test' };

/** The headers that a scheme signs with by itself: each delivery of the kit has its own. */
const signedIds = new Set(['webhook-id']);

/** The test beside the adapter: the conformance kit, with the sample and what can be known of the vendor. */
export function testText(
  plan: SourcePlan,
  sample: JsonValue,
  { runner, extension }: { runner: Runner; extension: string },
): string {
  const { name, exported, variable, deletedType, api } = plan;
  const env = [
    `${variable}_WEBHOOK_SECRET: secrets.join(','),`,
    ...(api === null ? [] : [`${variable}_API_URL: apiUrl,`, `${variable}_API_KEY: 'a key of the test',`]),
  ].join('\n');
  const later = withValues(plan, sample, 'later');
  const deletion = deletedType === null ? null : withValues(plan, sample, 'deletion');
  const imported = ['conformanceChecks', 'openSource', 'readSample'].concat(
    [later, deletion].some((body) => body !== null && body !== 'sample') ? 'withValues' : [],
  );
  return `import { ${imported.join(', ')} } from 'landfall/testing';
import { test } from '${testFrom[runner]}';
import { ${exported} } from './${name}.${extension}';

const sample = readSample(new URL('${name}.sample.json', import.meta.url));

const checks = conformanceChecks({
  create: ({ secrets${api === null ? '' : ', apiUrl'} }) =>
    openSource(${exported}, {
${indent(env, 6)}
    }),
  deliveries: [
    {
${indent(deliveryCode(plan, 'sample', 1), 6)}
      reads: ${readsCode(plan, sample)},
    },
  ],
  // The same record, changed once more.
  later: {
${indent(deliveryCode(plan, later, 2), 4)}
  },
${
  deletion === null
    ? '  // No event says that a record was deleted.\n  deletion: null,'
    : `  deletion: {\n${indent(deliveryCode(plan, deletion, 3), 4)}\n  },`
}
${vendorCode(plan)}
});

for (const { name, run } of checks) void test(name, run);
`;
}

function deliveryCode({ id, type, entity, deletedType }: SourcePlan, body: string, number: number): string {
  const change = number === 3 ? (deletedType ?? '') : `${entity.type}.updated`;
  const headers = [
    ...('header' in id && !signedIds.has(id.header) ? [`${property(id.header)}: 'evt_${number}'`] : []),
    ...('header' in type ? [`${property(type.header)}: ${quote(change)}`] : []),
  ];
  return `body: ${body},${headers.length === 0 ? '' : `\nheaders: { ${headers.join(', ')} },`}`;
}

function readsCode({ id, type, entity }: SourcePlan, sample: JsonValue): string {
  const at = (place: Place, inHeader: string | null) =>
    'path' in place ? textAt(sample, place.path) : inHeader;
  const eventId = at(id, 'header' in id && signedIds.has(id.header) ? null : 'evt_1');
  const eventType = at(type, `${entity.type}.updated`);
  const recordId = textAt(sample, entity.idPath);
  const parts = [
    ...(eventId === null ? [] : [`id: ${quote(eventId)}`]),
    `type: ${quote(eventType ?? '')}`,
    `entity: { type: ${quote(entity.type)}, id: ${quote(recordId)} }`,
  ];
  return `{ ${parts.join(', ')} }`;
}

/** The sample with an id of its own and a newer version; of a deletion, with its type. */
function withValues(plan: SourcePlan, sample: JsonValue, as: 'later' | 'deletion'): string {
  const { id, type, versionPath, timePath, deletedType } = plan;
  const step = as === 'later' ? 1 : 2;
  const values = [
    ...('path' in id ? [[id.path, quote(`evt_${step + 1}`)] as const] : []),
    ...('path' in type && as === 'deletion' ? [[type.path, quote(deletedType ?? '')] as const] : []),
    ...(versionPath === null ? [] : [[versionPath, nextVersion(sample, versionPath, step)] as const]),
    ...(timePath === null ? [] : [[timePath, nextTime(sample, timePath, step)] as const]),
  ];
  const changes = values.map(([path, code]) => `${quote(pointer(path))}: ${code}`);
  return changes.length === 0 ? 'sample' : `withValues(sample, { ${changes.join(', ')} })`;
}

function nextVersion(sample: JsonValue, path: readonly string[], step: number): string {
  const value = readPointer(sample, pointer(path));
  return typeof value === 'string'
    ? quote(String(BigInt(value) + BigInt(step)))
    : String(Number(value) + step);
}

function nextTime(sample: JsonValue, path: readonly string[], step: number): string {
  const value = readPointer(sample, pointer(path));
  const number = Number(value);
  if (Number.isNaN(number))
    return quote(new Date(Date.parse(textAt(sample, path)) + step * 60_000).toISOString());
  const later = String(number + step * (number < 1e11 ? 60 : 60_000));
  return typeof value === 'string' ? quote(later) : later;
}

function vendorCode({ api, entity, versionPath, timePath }: SourcePlan): string {
  if (api === null) return '  // The payload is all there is.\n  vendor: null,';
  const last = (path: readonly string[]) => property(path.at(-1) ?? '');
  const fields = [
    `${last(entity.idPath)}: entity.id`,
    ...(versionPath === null ? [] : [`${last(versionPath)}: revision`.replace(/^revision: /, '')]),
    ...(timePath === null ? [] : [`${last(timePath)}: changedAt`.replace(/^changedAt: /, '')]),
  ];
  const given = [
    'entity',
    ...(versionPath === null ? [] : ['revision']),
    ...(timePath === null ? [] : ['changedAt']),
  ].join(', ');
  const list =
    api.listPath === null
      ? ''
      : `
    list: {
      path: ${quote(api.listPath)},
      since: 'updated_since',
      page: (data, next) => ({ data, next_cursor: next }),
    },`;
  return `  vendor: {
    record: ({ ${given} }) => ({ ${fields.join(', ')} }),
    fetch: { path: ${quote(api.recordPath)} },${list}
  },`;
}

/** A text or a number of the sample, as text. */
function textAt(sample: JsonValue, path: readonly string[]): string {
  return textOf(readPointer(sample, pointer(path)) ?? null);
}
