import { inVariable } from '../../sources/secret-settings.ts';
import { type Answers, type SchemeName, splitPlace } from './questions.ts';

/** Where something is said: a place in the body, or a header. */
export type Place = { path: readonly string[] } | { header: string };

/** The signature scheme of an adapter. */
export type SchemePlan =
  | { type: Exclude<SchemeName, 'hmac'> }
  | {
      type: 'hmac';
      header: string;
      algorithm: string;
      encoding: string;
      prefix: string;
      /** `lead` is what is signed before the body; null where no time is signed. */
      timestamp: { header: string; lead: string } | null;
    };

/** An adapter that is to be written. */
export interface SourcePlan {
  name: string;
  /** As people write it. */
  vendor: string;
  /** The name of its export. */
  exported: string;
  /** The beginning of its variables. */
  variable: string;
  scheme: SchemePlan;
  id: Place;
  type: Place;
  entity: { type: string; idPath: readonly string[] };
  versionPath: readonly string[] | null;
  timePath: readonly string[] | null;
  deletedType: string | null;
  api: { url: string; recordPath: string; listPath: string | null } | null;
}

/** The adapter that the answers describe. */
export function createPlan(answers: Answers): SourcePlan {
  const answer = (key: string): string => answers[key] ?? '';
  const path = (key: string) => (answer(key) === '' ? null : splitPlace(answer(key)));
  const name = answer('name');
  const words = name.split('-').filter((word) => word !== '');
  const capitals = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return {
    name,
    vendor: capitals.join(' '),
    exported: `${words[0] ?? ''}${capitals.slice(1).join('')}Source`,
    variable: inVariable(name),
    scheme: createScheme(answer),
    id: readPlace(answer('idField')),
    type: readPlace(answer('typeField')),
    entity: { type: answer('entity'), idPath: splitPlace(answer('entityIdField')) },
    versionPath: path('versionField'),
    timePath: path('timeField'),
    deletedType: answer('deletedType') || null,
    api:
      answer('apiUrl') === ''
        ? null
        : {
            url: answer('apiUrl'),
            recordPath: answer('recordPath'),
            listPath: answer('listPath') || null,
          },
  };
}

function createScheme(answer: (key: string) => string): SchemePlan {
  const type = answer('scheme') as SchemeName;
  if (type !== 'hmac') return { type };
  const timestampHeader = answer('timestampHeader').toLowerCase();
  return {
    type,
    header: answer('header').toLowerCase(),
    algorithm: answer('algorithm'),
    encoding: answer('encoding'),
    prefix: answer('prefix'),
    timestamp:
      timestampHeader === ''
        ? null
        : { header: timestampHeader, lead: answer('signed').replace(/\{body\}$/, '') },
  };
}

function readPlace(text: string): Place {
  return text.startsWith('header:')
    ? { header: text.slice('header:'.length).toLowerCase() }
    : { path: splitPlace(text) };
}
