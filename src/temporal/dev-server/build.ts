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
  /**
   * Modules whose versions are chosen together with the command's own, such as `modernc.org/sqlite@v1.44.3`: a dependency in a newer
   * version than the command asks for, or a command built before, whose compiled packages Go then takes from its cache.
   */
  together?: readonly string[];
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
  const { go, module, folder, together = [], environment, onProgress, signal } = build;
  const [command = module] = module.split('@');
  // Go names a binary after the last part of its path.
  const binary = join(folder, executableName(command.slice(command.lastIndexOf('/') + 1)));
  const began = performance.now();
  let modules = 0;
  let packages = 0;
  const report = (): void => {
    const seconds = Math.round((performance.now() - began) / 1_000);
    onProgress(`building ${module}: ${modules} modules downloaded, ${packages} packages built, ${seconds} s`);
  };
  const timer = setInterval(report, reportEveryMilliseconds);
  try {
    if (together.length === 0) await run(['install', '-v', module]);
    else {
      // `go install` takes a module's own versions only: a module of ours asks for the others.
      await run(['mod', 'init', 'landfall.invalid/build']);
      await run(['get', module, ...together]);
      await run(['build', '-v', '-o', binary, command]);
    }
  } finally {
    clearInterval(timer);
  }
  report();
  return binary;

  async function run(args: string[]): Promise<void> {
    await runCommand(go, args, {
      cwd: folder,
      // Without cgo no C compiler is needed, and GOBIN is refused for another platform than this one.
      environment: { ...environment, GOBIN: folder, CGO_ENABLED: '0', GOOS: undefined, GOARCH: undefined },
      signal,
      onLine: (line) => {
        if (line.startsWith('go: downloading')) modules += 1;
        else if (!line.startsWith('go: ')) packages += 1;
      },
    });
  }
}
