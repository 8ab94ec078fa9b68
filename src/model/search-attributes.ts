import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** What a run can be found by in the Temporal UI. Never encrypted by Temporal: no personal data, no payload. */
export const searchAttributes = {
  source: defineSearchAttributeKey('LandfallSource', SearchAttributeType.KEYWORD),
  eventType: defineSearchAttributeKey('LandfallEventType', SearchAttributeType.KEYWORD),
  entity: defineSearchAttributeKey('LandfallEntity', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('LandfallOutcome', SearchAttributeType.KEYWORD),
  error: defineSearchAttributeKey('LandfallError', SearchAttributeType.KEYWORD),
} as const;

/** Keyword values are `VARCHAR(255)` on PostgreSQL: longer ones are cut. */
export function keyword(value: string): string {
  return value.length <= 255 ? value : value.slice(0, 255);
}
