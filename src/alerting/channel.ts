import type { AlertMessage } from '../model/incidents.ts';

/** A way of telling people of incidents. */
export interface Channel {
  /** As it stands in rows and metrics. */
  name: 'log' | 'slack' | 'webhook' | 'email';
  /**
   * Resolves once the other side has taken the message. It may be sent again under the same id: where a process died after it was
   * sent and before that was written down.
   * @throws AlertNotSentError
   */
  send(message: AlertMessage, context: { signal: AbortSignal }): Promise<void>;
}

/** How people are told, beside the log. null: not in that way. */
export interface ChannelSettings {
  /** An incoming webhook. It is a secret as a whole. */
  slackUrl: string | null;
  webhook: { url: string; secret: string } | null;
  email: { smtpUrl: string; from: string; to: readonly string[] } | null;
}
