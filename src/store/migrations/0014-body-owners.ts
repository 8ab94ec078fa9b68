import type { Migration } from './migration.ts';

// Whose data a large body holds: erasing a record takes away the bodies that are of no other.
export const bodyOwners: Migration = {
  id: 14,
  name: 'body-owners',
  statements: [
    `create table landfall.body_owners (
      source text collate "C" not null,
      entity_type text collate "C" not null,
      entity_id text collate "C" not null,
      sha256 text collate "C" not null references landfall.bodies on delete cascade,
      primary key (source, entity_type, entity_id, sha256)
    )`,
    `create index body_owners_by_body on landfall.body_owners (sha256)`,
  ],
};
