import { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { PinoPretty as pretty } from 'pino-pretty';
import { traceFields } from './tracing.ts';

/**
 * A logger whose lines have been through redaction as a whole: whatever a library put into an error, no secret gets out. A line that
 * is written as part of a trace has its `trace_id` and `span_id`.
 *
 * @param options.destination - where lines go. @default standard output
 */
export function createLogger({
  level,
  format,
  redact,
  destination = process.stdout,
}: {
  level: string;
  format: 'json' | 'pretty';
  redact: (text: string) => string;
  destination?: DestinationStream | undefined;
}): Logger {
  const redacting = new Writable({
    decodeStrings: false,
    write(line: string | Buffer, _encoding, done) {
      destination.write(redact(line.toString()));
      done();
    },
  });
  const target =
    format === 'json'
      ? redacting
      : pretty({ destination: redacting, ignore: 'pid,hostname', singleLine: true, sync: true });
  return pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      mixin: traceFields,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['headers.authorization', 'headers.cookie', '*.headers.authorization', '*.headers.cookie'],
        censor: '[redacted]',
      },
    },
    target,
  );
}
