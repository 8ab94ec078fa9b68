import { join } from 'node:path';
import { executableName } from './find-executable.ts';
import { runCommand } from './run-command.ts';

const reportEveryMilliseconds = 5_000;

/** What to build, and where. */
export interface GoBuild {
  /** Path of the `go` command. */
  go: string;
  /** A command with its version, such as `github.com/temporalio/cli/cmd/temporal@v1.5.1`. */
  module: string;
  /** Where the binary is put. */
  folder: string;
  /** Read by Go itself: `HOME`, `GOPROXY`, `GOFLAGS` and the like. */
  environment: Record<string, string | undefined>;
  onProgress: (message: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Builds a Go command from the module proxy, which checks each module against the public checksum database.
 *
 * @returns the path of the binary
 * @throws Error with Go's last lines of output
 * @see https://go.dev/ref/mod#go-install
 */
export async function buildWithGo(build: GoBuild): Promise<string> {
  const { go, module, folder, environment, onProgress, signal } = build;
  const began = performance.now();
  let modules = 0;
  let packages = 0;
  const report = (): void => {
    const seconds = Math.round((performance.now() - began) / 1_000);
    onProgress(`building ${module}: ${modules} modules downloaded, ${packages} packages built, ${seconds} s`);
  };
  const timer = setInterval(report, reportEveryMilliseconds);
  try {
    await runCommand(go, ['install', '-v', module], {
      // Without cgo no C compiler is needed, and GOBIN is refused for another platform than this one.
      environment: { ...environment, GOBIN: folder, CGO_ENABLED: '0', GOOS: undefined, GOARCH: undefined },
      signal,
      onLine: (line) => {
        if (line.startsWith('go: downloading')) modules += 1;
        else packages += 1;
      },
    });
  } finally {
    clearInterval(timer);
  }
  report();
  return join(folder, executableName(commandOf(module)));
}

/** Go names a binary after the last part of its path: `…/cmd/temporal@v1.5.1` becomes `temporal`. */
function commandOf(module: string): string {
  const [path = module] = module.split('@');
  return path.slice(path.lastIndexOf('/') + 1);
}
