import { createBodySchema, type Leaf } from './body-schema.ts';
import { access, indent, pointer, property, quote } from './code.ts';
import type { Place, SchemePlan, SourcePlan } from './plan.ts';

const schemeMakers = {
  hmac: 'hmacScheme',
  'standard-webhooks': 'standardWebhooksScheme',
  stripe: 'stripeScheme',
  github: 'githubScheme',
  shopify: 'shopifyScheme',
  slack: 'slackScheme',
  paddle: 'paddleScheme',
} as const satisfies Record<SchemePlan['type'], string>;

/** The adapter's code, which is TypeScript and JavaScript alike: `defineSource` knows the types. */
export function adapterText(plan: SourcePlan): string {
  const { vendor, name, exported, variable, scheme, api, entity } = plan;
  const parts = [
    `verification: ${schemeCode(scheme)},`,
    readEventCode(plan),
    ...(api === null ? [] : [fetchCode(plan, api.recordPath)]),
    ...(api?.listPath == null ? [] : [listCode(plan, api.listPath)]),
  ].join('\n');
  const settings = [
    `${variable}_WEBHOOK_SECRET: secretList(),`,
    ...(api === null
      ? []
      : [
          `${variable}_API_URL: z.url().default(${quote(api.url)}),`,
          `${variable}_API_KEY: z.string().min(1),`,
        ]),
  ].join('\n');
  const given =
    api === null
      ? `{ ${variable}_WEBHOOK_SECRET: secrets }`
      : `{ ${variable}_WEBHOOK_SECRET: secrets, ${variable}_API_URL: url, ${variable}_API_KEY: key }`;
  const apiLine =
    api === null
      ? ''
      : `const api = createVendorApi({\n  vendor: ${quote(vendor)},\n  url,\n  headers: { authorization: \`Bearer \${key}\` },\n});\n`;
  return `import {
${indent(importsOf(plan).join(',\n'))},
} from 'landfall';
import { z } from 'zod';

${schemasCode(plan)}
/** What ${vendor} says of each ${entity.type}. */
export const ${exported} = defineSource({
  name: ${quote(name)},
  settings: {
${indent(settings, 4)}
  },
  create(${given}) {
${indent(apiLine, 4)}    return {
${indent(parts, 6)}
    };
  },
});
`;
}

function importsOf({ scheme, api }: SourcePlan): string[] {
  return [
    ...(api === null ? ['readPointer'] : ['createVendorApi', 'pathSegment']),
    ...(api?.listPath == null ? [] : ['VendorAnswerError']),
    schemeMakers[scheme.type],
    'defineSource',
    'secretList',
    'UnreadableEventError',
  ].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
}

function bodySchema({ id, type, entity, versionPath, timePath }: SourcePlan) {
  const leaves: Leaf[] = [
    ...[id, type].flatMap((place) => ('path' in place ? [{ path: place.path, required: true }] : [])),
    { path: entity.idPath, required: false },
    ...[versionPath, timePath].flatMap((path) => (path === null ? [] : [{ path, required: false }])),
  ];
  return createBodySchema(leaves);
}

function schemasCode(plan: SourcePlan): string {
  const { vendor, api, entity, versionPath, timePath } = plan;
  const webhook = `const text = z.union([z.string().min(1), z.int().transform(String)]);
/** What is read in a body; what else is in it is left alone. */
const webhook = ${bodySchema(plan).code};
`;
  if (api === null) return webhook;
  const fields = [
    `${property(lastOf(entity.idPath))}: z.union([z.string(), z.int()]),`,
    ...(versionPath === null ? [] : [`${property(lastOf(versionPath))}: z.union([z.int(), z.string()]),`]),
    ...(timePath === null ? [] : [`${property(lastOf(timePath))}: z.union([z.string(), z.number()]),`]),
  ];
  const record = `/** A record as ${vendor}'s API shows it, whatever else is in it. */
const record = z
  .object({
${indent(fields.join('\n'), 4)}
  })
  .catchall(z.json());
`;
  const page =
    api.listPath === null
      ? ''
      : `const page = z.object({ data: z.array(record), next_cursor: z.string().nullable() });\n`;
  return webhook + record + page;
}

function schemeCode(scheme: SchemePlan): string {
  const maker = schemeMakers[scheme.type];
  if (scheme.type !== 'hmac') return `${maker}({ secrets })`;
  const { header, algorithm, encoding, prefix, timestamp } = scheme;
  const lines = [
    'secrets,',
    `header: ${quote(header)},`,
    `algorithm: ${quote(algorithm)},`,
    `encoding: ${quote(encoding)},`,
    ...(prefix === '' ? [] : [`prefix: ${quote(prefix)},`]),
    ...(timestamp === null
      ? []
      : [`timestamp: { header: ${quote(timestamp.header)}${leadCode(timestamp.lead)} },`]),
  ];
  return `${maker}({\n${indent(lines.join('\n'))}\n})`;
}

function leadCode(lead: string): string {
  if (lead === '{timestamp}.') return '';
  if (lead === '{timestamp}') return ', lead: (timestamp) => timestamp';
  return `, lead: (timestamp) => \`${lead.replaceAll('{timestamp}', '${timestamp}')}\``;
}

function readEventCode(plan: SourcePlan): string {
  const { vendor, id, type, entity, versionPath, timePath, deletedType, api } = plan;
  const schema = bodySchema(plan);
  const read = (path: readonly string[]) => schema.read('event', path);
  const hasHeader = [id, type].some((place) => 'header' in place);
  const usesEvent = read(entity.idPath);
  const fromHeader = (variable: string, place: Place) =>
    'header' in place
      ? [
          `const ${variable} = headers[${quote(place.header)}];`,
          `if (!${variable}) throw new UnreadableEventError('The header ${place.header} is missing.');`,
        ]
      : [`const ${variable} = ${read(place.path)};`];
  const announced =
    versionPath === null && timePath === null
      ? 'null'
      : `{ version: ${versionPath === null ? 'null' : `${read(versionPath)} ?? null`}, sourceTime: ${timePath === null ? 'null' : `${read(timePath)} ?? null`} }`;
  const lines = [
    'const read = webhook.safeParse(body);',
    'if (!read.success) {',
    `  throw new UnreadableEventError(\`No event of ${vendor}: \${z.prettifyError(read.error)}\`);`,
    '}',
    'const event = read.data;',
    ...fromHeader('id', id),
    ...fromHeader('type', type),
    `const about = ${usesEvent};`,
    'return {',
    '  id,',
    '  type,',
    '  // Events about anything else complete as ignored.',
    `  entity: about === undefined ? null : { type: ${quote(entity.type)}, id: about },`,
    `  announced: ${announced},`,
    '  occurredAt: null,',
    `  deletes: ${deletedType === null ? 'false' : `type === ${quote(deletedType)}`},`,
    ...(api === null
      ? [`  snapshot: readPointer(body, ${quote(pointer(entity.idPath.slice(0, -1)))}) ?? null,`]
      : []),
    '};',
  ];
  return `readEvent({ body${hasHeader ? ', headers' : ''} }) {\n${indent(lines.join('\n'))}\n},`;
}

function fetchCode(plan: SourcePlan, recordPath: string): string {
  const path = recordPath.replace('{id}', '${pathSegment(id)}');
  return `async fetchRecord({ id }, { signal }) {
  const data = await api({ path: \`${path}\`, schema: record, signal });
  return data && { data, ${versionCode(plan, 'data')} };
},`;
}

function listCode(plan: SourcePlan, listPath: string): string {
  const { vendor, entity } = plan;
  return `// The names of the parameters, and of the parts of a page, are guesses: ${vendor} documents its own.
async listChanged({ since, cursor }, { signal }) {
  const query = { updated_since: since, cursor };
  const answer = await api({ path: ${quote(listPath)}, query, schema: page, signal });
  if (answer === null) throw new VendorAnswerError('${vendor} has no list at ${listPath}.');
  const changes = answer.data.map((each) => ({
    entity: { type: ${quote(entity.type)}, id: String(each${access(lastOf(entity.idPath))}) },
    ${versionCode(plan, 'each').replace(', ', ',\n    ')},
    deleted: false,
  }));
  return { changes, nextCursor: answer.next_cursor };
},`;
}

function versionCode({ versionPath, timePath }: SourcePlan, variable: string): string {
  const at = (path: readonly string[] | null) =>
    path === null ? 'null' : `${variable}${access(lastOf(path))}`;
  return `version: ${at(versionPath)}, sourceTime: ${at(timePath)}`;
}

const lastOf = (path: readonly string[]): string => path.at(-1) ?? '';
