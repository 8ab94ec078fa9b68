import { type FileHandle, open } from 'node:fs/promises';
import { ConfigurationError } from '../errors.ts';
import type { RecordedDelivery } from './recorded-delivery.ts';

/** A file that deliveries are written to, a line each. */
export interface DeliveryFile {
  /** Resolves when the line is on disk. @throws ConfigurationError where it cannot be written */
  append(delivery: RecordedDelivery): Promise<void>;
  /** Once what is being written is there. */
  close(): Promise<void>;
}

/**
 * Opens the file, for its owner alone, behind what it holds. A line that a crash broke off is ended, so that it spoils no other.
 * @throws ConfigurationError where it cannot be written to
 */
export async function openDeliveryFile(path: string): Promise<DeliveryFile> {
  const cannot = (cause: unknown): never => {
    throw new ConfigurationError(`${path} cannot be written to: is its folder there, and writable?`, {
      cause,
    });
  };
  // Appended to and read: the end of what is there is looked at.
  const file = await open(path, 'a+', 0o600).catch(cannot);
  await file.chmod(0o600);
  if (!(await endsWhole(file))) await file.appendFile('\n');
  let last: Promise<void> = Promise.resolve();
  return {
    append(delivery) {
      const line = `${JSON.stringify(delivery)}\n`;
      const written = last.then(async () => {
        await file.appendFile(line).catch(cannot);
        await file.datasync();
      });
      last = written.catch(() => undefined);
      return written;
    },
    async close() {
      await last;
      await file.close();
    },
  };
}

async function endsWhole(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}
