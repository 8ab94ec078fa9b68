import type { Migration } from './migration.ts';

// The key that a record's histories are encrypted under, itself encrypted. Erasing the record takes away the key and whose it was;
// the row stays, to tell a key that was erased from one that is missing.
export const entityKeys: Migration = {
  id: 13,
  name: 'entity-keys',
  statements: [
    `create table landfall.entity_keys (
      id text collate "C" primary key,
      source text collate "C" not null,
      entity_type text collate "C",
      entity_id text collate "C",
      wrapped_by text,
      wrapped text,
      created_at timestamp(3) with time zone not null,
      erased_at timestamp(3) with time zone,
      unique (source, entity_type, entity_id)
    )`,
    // Those that another key has wrapped, after a rotation.
    `create index entity_keys_by_wrapping on landfall.entity_keys (wrapped_by) where wrapped is not null`,
  ],
};
