import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';
import { splitList } from '../model/split-list.ts';
import type { GithubReader } from './github-api.ts';
import { readPrivateKey } from './github-credentials.ts';
import { githubLists } from './github-lists.ts';
import { optionalSecret, secretList } from './secret-settings.ts';
import { optionalText, optionalUrl } from './settings.ts';

const listNames = githubLists.map(({ name }) => name);
/** All but the comments on commits, which can only be read as a whole, each time. */
const defaultLists = listNames.filter((name) => name !== 'commit_comments');

/** The environment variables of the source `github`. */
export const githubSettings = {
  GITHUB_WEBHOOK_SECRET: secretList(),
  GITHUB_TOKEN: optionalSecret(),
  GITHUB_APP_ID: optionalText(/^[\w.-]+$/, 'must be the id of a GitHub App, such as 123456'),
  GITHUB_APP_PRIVATE_KEY: optionalSecret(),
  GITHUB_APP_INSTALLATION_ID: optionalText(
    /^\d+$/,
    'must be the number of an installation, such as 12345678',
  ),
  GITHUB_API_URL: optionalUrl(),
  GITHUB_REPOSITORIES: list(
    /^[\w.-]+\/([\w.-]+|\*)$/,
    'must be a list of owner/name, or owner/* for all of an organisation, separated by commas',
  ),
  GITHUB_RECONCILE: list(
    new RegExp(`^(${listNames.join('|')})$`),
    `must be a list of ${listNames.join(', ')}, separated by commas`,
    defaultLists,
  ),
  GITHUB_HOOKS: list(
    /^(app|[\w.-]+\/([\w.-]+\/)?\d+)$/,
    'must be a list of owner/name/<id of the hook>, organisation/<id of the hook> or app, separated by commas',
  ),
} as const;

type Settings = z.infer<z.ZodObject<typeof githubSettings>>;

/**
 * By what the API is read: the token, or the App; null where neither is set.
 *
 * @throws ConfigurationError where both are set, where a part of the App is missing, or where a setting needs what is not there
 */
export function chooseReader(settings: Settings): GithubReader | null {
  const {
    GITHUB_TOKEN: token,
    GITHUB_APP_ID: appId,
    GITHUB_APP_PRIVATE_KEY: privateKey,
    GITHUB_APP_INSTALLATION_ID: installationId,
  } = settings;
  const isApp = appId !== undefined || privateKey !== undefined || installationId !== undefined;
  if (token !== undefined && isApp) {
    throw new ConfigurationError(
      'GITHUB_TOKEN and a GitHub App (GITHUB_APP_…) are both set: set one of the two.',
    );
  }
  checkLists(settings, { reads: token !== undefined || isApp, isApp });
  if (token !== undefined) return { token };
  if (!isApp) return null;
  if (appId === undefined || privateKey === undefined || installationId === undefined) {
    throw new ConfigurationError(
      'A GitHub App needs all of GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION_ID.',
    );
  }
  readPrivateKey(privateKey());
  return { appId, installationId, privateKey };
}

function checkLists(
  { GITHUB_REPOSITORIES: repositories, GITHUB_HOOKS: hooks }: Settings,
  { reads, isApp }: { reads: boolean; isApp: boolean },
): void {
  if (repositories.length > 0 && !reads) {
    throw new ConfigurationError(
      'GITHUB_REPOSITORIES can only be reconciled with a GITHUB_TOKEN or a GitHub App (GITHUB_APP_ID): set both, or neither.',
    );
  }
  if (hooks.length > 0 && repositories.length === 0) {
    throw new ConfigurationError(
      'GITHUB_HOOKS are looked at when GITHUB_REPOSITORIES are reconciled: set both, or neither.',
    );
  }
  if (hooks.includes('app') && !isApp) {
    throw new ConfigurationError(
      'GITHUB_HOOKS names the hook of an App, which only a GitHub App (GITHUB_APP_ID) may look at.',
    );
  }
}

function list(item: RegExp, error: string, fallback: readonly string[] = []): z.ZodType<string[]> {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? value : fallback.join(',')),
    z
      .string()
      .refine((text) => splitList(text).every((each) => item.test(each)), { error })
      .transform((text) => splitList(text)),
  );
}
