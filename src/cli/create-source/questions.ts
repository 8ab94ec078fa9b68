import { sourceNameProblem } from '../../model/ids.ts';
import { pointerParts } from '../../sources/json-pointer.ts';

/** The schemes that vendors share. Those of one vendor alone are described in examples/vendors. */
export const schemes = [
  'hmac',
  'standard-webhooks',
  'stripe',
  'github',
  'shopify',
  'slack',
  'paddle',
] as const;
export type SchemeName = (typeof schemes)[number];

/** What is known of a vendor so far, by question; an empty text stands for none. */
export type Answers = Readonly<Record<string, string>>;

/** Something to know of a vendor: a flag of the command, and a question on a terminal. */
export interface Question {
  /** Its name in `Answers`, as commander makes it of the flag. */
  key: string;
  flag: string;
  /** What is asked, and what the flag's help says. */
  sense: string;
  choices?: readonly string[];
  /** What holds without an answer. */
  fallback(answers: Answers): string;
  /** Asked only where it matters. @default always */
  matters?(answers: Answers): boolean;
  /** What is wrong with an answer; undefined where nothing is. */
  problem?(answer: string): string | undefined;
}

const isHmac = ({ scheme }: Answers): boolean => scheme === 'hmac';
const hasApi = ({ apiUrl }: Answers): boolean => apiUrl !== '';

/** In the order in which they are asked. */
export const questions: readonly Question[] = [
  {
    key: 'scheme',
    flag: '--scheme <name>',
    sense: 'How are deliveries signed?',
    choices: schemes,
    fallback: () => 'hmac',
  },
  {
    key: 'header',
    flag: '--header <name>',
    sense: 'Which header holds the signature?',
    fallback: ({ name }) => `x-${name ?? ''}-signature`,
    matters: isHmac,
    problem: header,
  },
  {
    key: 'algorithm',
    flag: '--algorithm <name>',
    sense: 'The HMAC is made with',
    choices: ['sha256', 'sha512', 'sha1'],
    fallback: () => 'sha256',
    matters: isHmac,
  },
  {
    key: 'encoding',
    flag: '--encoding <name>',
    sense: 'and written in',
    choices: ['hex', 'base64', 'base64url'],
    fallback: () => 'hex',
    matters: isHmac,
  },
  {
    key: 'prefix',
    flag: '--prefix <text>',
    sense: 'What stands before the digest, such as "sha256="? (none: nothing)',
    fallback: () => '',
    matters: isHmac,
    problem: (answer) => (/^[\x21-\x7e]*$/.test(answer) ? undefined : 'must be printable, without spaces'),
  },
  {
    key: 'timestampHeader',
    flag: '--timestamp-header <name>',
    sense: 'Which header holds the time that is signed as well? (none: no time is signed)',
    fallback: () => '',
    matters: isHmac,
    problem: (answer) => (answer === '' ? undefined : header(answer)),
  },
  {
    key: 'signed',
    flag: '--signed <text>',
    sense: 'What is signed, in terms of {timestamp} and {body}?',
    fallback: () => '{timestamp}.{body}',
    matters: (answers) => isHmac(answers) && answers['timestampHeader'] !== '',
    problem: (answer) =>
      /^[^{}`$\\]*\{timestamp\}[^{}`$\\]*\{body\}$/.test(answer)
        ? undefined
        : 'must hold {timestamp}, and end with {body}',
  },
  {
    key: 'idField',
    flag: '--id-field <place>',
    sense: "Where is the event's id? (data.id, /data/id or header:<name>)",
    fallback: ({ scheme }) => (scheme === 'standard-webhooks' ? 'header:webhook-id' : 'id'),
    problem: place,
  },
  {
    key: 'typeField',
    flag: '--type-field <place>',
    sense: "Where is the event's type?",
    fallback: () => 'type',
    problem: place,
  },
  {
    key: 'entity',
    flag: '--entity <type>',
    sense: 'What kind of record are the events about, such as "invoice"?',
    fallback: () => 'record',
    problem: (answer) =>
      /^[\w.-]{1,60}$/.test(answer) ? undefined : 'must be 1 to 60 letters, digits, _ . -',
  },
  {
    key: 'entityIdField',
    flag: '--entity-id-field <place>',
    sense: "Where is the record's id?",
    fallback: () => 'data.id',
    problem: placeInBody,
  },
  {
    key: 'versionField',
    flag: '--version-field <place>',
    sense: "Where is the number of the record's version? (none: the vendor does not say it)",
    fallback: () => '',
    problem: (answer) => (answer === '' ? undefined : placeInBody(answer)),
  },
  {
    key: 'timeField',
    flag: '--time-field <place>',
    sense: 'Where is the time of its last change? (none: the vendor does not say it)',
    fallback: ({ entityIdField = '', versionField }) =>
      versionField === '' ? beside(entityIdField, 'updated_at') : '',
    problem: (answer) => (answer === '' ? undefined : placeInBody(answer)),
  },
  {
    key: 'deletedType',
    flag: '--deleted-type <type>',
    sense: 'Which type of event says that the record was deleted? (none: no event says so)',
    fallback: ({ entity }) => `${entity ?? ''}.deleted`,
    problem: (answer) => (/^[\x20-\x7e]{0,200}$/.test(answer) ? undefined : 'must be printable'),
  },
  {
    key: 'apiUrl',
    flag: '--api-url <url>',
    sense: "Where is the vendor's API? (none: the payload is all there is)",
    fallback: () => '',
    problem: (answer) =>
      answer === '' || (URL.canParse(answer) && /^https?:/.test(answer))
        ? undefined
        : 'must be a URL such as https://api.example.com',
  },
  {
    key: 'recordPath',
    flag: '--record-path <path>',
    sense: 'Under which path does it show one record?',
    fallback: ({ entity }) => `/${entity ?? ''}s/{id}`,
    matters: hasApi,
    problem: (answer) =>
      /^\/[\w./~-]*\{id\}[\w./~-]*$/.test(answer)
        ? undefined
        : 'must be a path with {id} in it, such as /invoices/{id}',
  },
  {
    key: 'listPath',
    flag: '--list-path <path>',
    sense: 'Under which path does it list what changed? (none: it does not)',
    fallback: () => '',
    matters: hasApi,
    problem: (answer) =>
      answer === '' || /^\/[\w./~-]*$/.test(answer) ? undefined : 'must be a path such as /invoices',
  },
];

/** What is wrong with the name of a source; undefined where nothing is. */
export function nameProblem(name: string): string | undefined {
  return sourceNameProblem(name) ?? undefined;
}

/** Takes `data.id` or `/data/id` apart. */
export function splitPlace(text: string): string[] {
  return text.startsWith('/') ? pointerParts(text) : text.split('.');
}

/** The place of this name beside another one, written in the same way. */
function beside(text: string, name: string): string {
  return text.replace(/[^./]*$/, name);
}

function header(answer: string): string | undefined {
  return /^[A-Za-z0-9_-]+$/.test(answer) ? undefined : 'must be the name of a header';
}

function place(answer: string): string | undefined {
  return answer.startsWith('header:') ? header(answer.slice('header:'.length)) : placeInBody(answer);
}

function placeInBody(answer: string): string | undefined {
  const parts = splitPlace(answer);
  if (parts.some((part) => part === '' || part === '__proto__')) {
    return 'must be a place in the body such as data.id';
  }
  return parts.some((part) => /^\d+$/.test(part)) ? 'must not lead into an array' : undefined;
}
