import { readFileSync, statSync } from 'node:fs';
import { ConfigurationError } from '../errors.ts';

const lookEveryMilliseconds = 1_000;

/**
 * A secret in a file, as Docker and Kubernetes mount it: read anew when the file has changed, at most a second after, so
 * that a rotation needs no restart. A file that is away or empty for a moment, as while it is replaced, keeps its last text.
 *
 * @param onText - told of each text, so that it can be redacted
 * @throws ConfigurationError where it cannot be read at first
 * @see https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod
 */
export function openSecretFile(path: string, onText: (text: string) => void): () => string {
  let known = '';
  let text = '';
  let lookedAt = Number.NEGATIVE_INFINITY;
  const read = (): void => {
    // Through the links by which Kubernetes replaces it.
    const { ino, size, mtimeMs } = statSync(path);
    const mark = `${ino} ${size} ${mtimeMs}`;
    if (mark === known) return;
    const read = readFileSync(path, 'utf8').trim();
    known = mark;
    if (read === '') return;
    text = read;
    onText(text);
  };
  try {
    read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(`cannot be read: ${why}`, { cause });
  }
  return () => {
    const now = performance.now();
    if (now - lookedAt >= lookEveryMilliseconds) {
      lookedAt = now;
      try {
        read();
      } catch {
        // The last text holds.
      }
    }
    return text;
  };
}
