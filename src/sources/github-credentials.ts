import { createPrivateKey } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import { ConfigurationError } from '../errors.ts';

/** In which role a request is made: as who may read the repositories, or as the App itself, which only `/app/…` wants. */
export type GithubRole = 'reader' | 'app';

/** What one request is made with. */
export interface GithubCredential {
  /** The Authorization header. */
  authorization: string;
  /** What of it must never be seen. */
  secret: string;
}

/** Where the credential of each request comes from. */
export interface GithubCredentials {
  obtain(role: GithubRole): Promise<GithubCredential>;
  /** Hears that GitHub answered 401 to it; true where another try may fare better. */
  reportRefusal(credential: GithubCredential): boolean;
}

/** One token for everything; asked for at each request, since a token from a file can change. */
export function tokenCredentials(token: () => string): GithubCredentials {
  return {
    obtain(role) {
      if (role === 'app') throw new ConfigurationError('Only a GitHub App can ask for what /app shows.');
      const secret = token();
      return Promise.resolve({ authorization: `token ${secret}`, secret });
    },
    reportRefusal: () => false,
  };
}

/** GitHub takes some seconds to know a new token everywhere. The same time is allowed by its own client. */
const newMilliseconds = 5_000;

/**
 * A GitHub App, through GitHub's own library: a token of the installation for an hour, a signed JWT for what is the App's own.
 *
 * The library is asked for tokens and does not hook itself into requests: it would take the branch `installation` in
 * `/repos/…/git/ref/heads/installation` for an address of the App.
 *
 * @param app.request - of the client that reads the API, with its address
 * @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
 */
export function appCredentials(app: {
  id: string;
  installationId: string;
  privateKey: () => string;
  request: NonNullable<Parameters<typeof createAppAuth>[0]['request']>;
}): GithubCredentials {
  const { id: appId, installationId, request } = app;
  let made: { text: string; auth: ReturnType<typeof createAppAuth> } | null = null;
  /** The latest token, and whether it was refused when it was no longer new. */
  let latest = { secret: '', createdAt: 0, refused: false };

  function authNow(): ReturnType<typeof createAppAuth> {
    const text = app.privateKey();
    if (made?.text !== text) {
      made = {
        text,
        auth: createAppAuth({ appId, installationId, privateKey: readPrivateKey(text), request }),
      };
    }
    return made.auth;
  }

  return {
    async obtain(role) {
      if (role === 'app') {
        const { token } = await authNow()({ type: 'app' });
        return { authorization: `bearer ${token}`, secret: token };
      }
      const { token, createdAt } = await authNow()({ type: 'installation', refresh: latest.refused });
      if (token !== latest.secret) {
        latest = { secret: token, createdAt: Date.parse(createdAt), refused: false };
      }
      return { authorization: `token ${token}`, secret: token };
    },
    reportRefusal({ secret }) {
      if (secret === latest.secret) latest.refused = Date.now() - latest.createdAt >= newMilliseconds;
      return true;
    },
  };
}

/**
 * The private key of an App as PEM: written as it is, in one line with `\n` for its ends of line, or all of it in base64.
 *
 * @throws ConfigurationError where it is none of these, or no RSA key; never with a part of it
 */
export function readPrivateKey(text: string): string {
  const inLines = text.replaceAll('\\n', '\n').trim();
  const pem = inLines.includes('-----BEGIN') ? inLines : Buffer.from(inLines, 'base64').toString('utf8');
  let key;
  try {
    key = createPrivateKey(pem);
  } catch {
    key = null;
  }
  if (key?.asymmetricKeyType !== 'rsa') {
    throw new ConfigurationError(
      'GITHUB_APP_PRIVATE_KEY is no private key of a GitHub App: set the content of the .pem file that GitHub gave, with \\n for its ends of line, or in base64.',
    );
  }
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
