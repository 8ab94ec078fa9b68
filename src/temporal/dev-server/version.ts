import { runCommand } from './run-command.ts';

/** The release of the Temporal CLI that Landfall downloads or builds: the newest that `go install` takes as it is. */
export const temporalCliRelease = 'v1.5.1';
/** The Temporal server inside that release. */
export const temporalServerRelease = '1.29.1';
/** An older server lacks what the workflows use; with the CLI this is 1.5. */
const oldestServer = [1, 29] as const;

/** What `temporal --version` says. */
export interface TemporalVersion {
  /** The whole line, such as `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. */
  text: string;
  /** The version of the server inside, such as `1.29.1`. The CLI's own is `0.0.0-DEV` when built by `go install`. */
  server: string;
}

/**
 * Asks a Temporal CLI for its version.
 *
 * @throws Error where it cannot be run, does not answer within ten seconds, or answers something else
 */
export async function readTemporalVersion(
  path: string,
  environment: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<TemporalVersion> {
  const output = await runCommand(path, ['--version'], { environment, signal, timeoutMilliseconds: 10_000 });
  const text = output.trim().split('\n').at(0) ?? '';
  const server = /\bserver (\d+\.\d+\.\d+)/i.exec(text)?.[1];
  if (server === undefined) {
    throw new Error(`\`${path} --version\` answers ${JSON.stringify(text)}, which names no Temporal server`);
  }
  return { text, server };
}

/** Why a version is too old, as a sentence; null where it is new enough. */
export function tooOld({ server }: TemporalVersion): string | null {
  const [major = 0, minor = 0] = server.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestServer;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return `it brings Temporal server ${server}, and ${oldestServer.join('.')} or newer is needed (Temporal CLI 1.5)`;
}
