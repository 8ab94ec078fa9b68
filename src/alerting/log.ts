import type { Logger } from 'pino';
import type { Channel } from './channel.ts';

/**
 * Every message as a line of the log: at level error where it is critical, warn where not, and info when it is over. But those about
 * a silence: its own workflow says in the log that it began and ended, and what was found meanwhile.
 */
export function logChannel(logger: Logger): Channel {
  return {
    name: 'log',
    send({ title, text, phase, severity, ...message }) {
      if (message.kind === 'silence') return Promise.resolve();
      const level = phase === 'ended' ? 'info' : severity === 'critical' ? 'error' : 'warn';
      logger[level]({ ...message, phase, severity }, `alert: ${title}. ${text}`);
      return Promise.resolve();
    },
  };
}
