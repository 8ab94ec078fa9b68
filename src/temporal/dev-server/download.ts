import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { runCommand } from './run-command.ts';
import { temporalCliRelease } from './version.ts';

/** The service that Temporal's SDKs download their dev server from. */
export const temporalDownloadService = 'https://temporal.download';

/** Offline, the build with Go or the advice must not be kept waiting. */
const answerWithinMilliseconds = 5_000;
const stalledAfterMilliseconds = 30_000;
const megabyte = 1_048_576;

const infoSchema = z.object({
  archiveUrl: z.string().regex(/\.tar\.gz(\?|$)/, 'is not a .tar.gz'),
  fileToExtract: z.string().regex(/^[\w.-]+$/, 'is not a plain file name'),
});

/** Where to download from, and into which folder. */
export interface TemporalDownload {
  /** {@link temporalDownloadService}, or a mirror of it. */
  service: string;
  folder: string;
  environment: Record<string, string | undefined>;
  onProgress: (message: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Downloads the Temporal CLI as the SDK's own test server does: the service names the archive for a platform, and the binary is
 * unpacked with `tar`. The service publishes no checksum: what is checked is its certificate, and later that the binary answers.
 *
 * @returns the path of the binary
 * @throws Error that says which step failed and why
 * @see https://docs.temporal.io/cli/setup-cli
 */
export async function downloadTemporal(download: TemporalDownload): Promise<string> {
  const { service, folder, environment, onProgress, signal } = download;
  const address = new URL(`cli/${temporalCliRelease}`, service.endsWith('/') ? service : `${service}/`);
  address.search = new URLSearchParams({ ...platform(), format: 'tar.gz' }).toString();
  onProgress(`asking ${address.host} for the Temporal CLI ${temporalCliRelease}`);

  const answer = await get(address, signal);
  const info = infoSchema.safeParse(await answer.json());
  if (!info.success) {
    throw new Error(`${address.href} answers something else than expected: ${z.prettifyError(info.error)}`);
  }
  const { archiveUrl, fileToExtract } = info.data;
  const archive = join(folder, 'temporal.tar.gz');
  await save(new URL(archiveUrl, address), archive, onProgress, signal);
  await runCommand('tar', ['-xzf', archive, '-C', folder, fileToExtract], { environment, signal });
  return join(folder, fileToExtract);
}

async function save(
  url: URL,
  file: string,
  onProgress: (message: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { body } = await get(url, signal);
  if (body === null) throw new Error(`${url.href} sends no archive`);
  let received = 0;
  let reported = 0;
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(new Error(`${url.href} stopped sending after ${received} bytes`));
  }, stalledAfterMilliseconds);
  const count = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      timer.refresh();
      received += chunk.byteLength;
      if (received - reported >= 10 * megabyte) {
        reported = received;
        onProgress(`downloading the Temporal CLI: ${Math.floor(received / megabyte)} MB`);
      }
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.fromWeb(body), count, createWriteStream(file), {
      signal: either(stalled.signal, signal),
    });
  } catch (error) {
    throw stalled.signal.aborted ? stalled.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

/** The time limit is for the answer to begin, not for the whole archive. */
async function get(url: URL, signal: AbortSignal | undefined): Promise<Response> {
  const slow = new AbortController();
  const timer = setTimeout(() => {
    slow.abort(new Error(`no answer within ${answerWithinMilliseconds / 1_000} seconds`));
  }, answerWithinMilliseconds);
  try {
    const response = await fetch(url, { signal: either(slow.signal, signal) });
    if (!response.ok) throw new Error(`it answers ${response.status} ${response.statusText}`);
    return response;
  } catch (cause) {
    throw new Error(`${url.href} cannot be downloaded: ${describe(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function either(own: AbortSignal, given: AbortSignal | undefined): AbortSignal {
  return given === undefined ? own : AbortSignal.any([own, given]);
}

/** `fetch` hides what went wrong in the cause of its error. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function platform(): { platform: string; arch: string } {
  const platforms: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'darwin',
    linux: 'linux',
    win32: 'windows',
  };
  const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };
  const [name, arch] = [platforms[process.platform], architectures[process.arch]];
  if (name === undefined || arch === undefined) {
    throw new Error(`Temporal publishes no CLI for ${process.platform} on ${process.arch}`);
  }
  return { platform: name, arch };
}
