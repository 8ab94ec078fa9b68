import type { Migration } from './migration.ts';

// What is too large for a workflow's history, once for the same bytes. In pieces, because a statement that carries the whole of
// it would be in memory several times over on both sides, and for good in the embedded database, whose memory never shrinks.
export const bodies: Migration = {
  id: 11,
  name: 'bodies',
  statements: [
    `create table landfall.bodies (
      sha256 text collate "C" primary key,
      bytes integer not null,
      encoding text not null,
      used_at timestamp(3) with time zone not null
    )`,
    `create table landfall.body_pieces (
      sha256 text collate "C" not null references landfall.bodies on delete cascade,
      piece integer not null,
      data bytea not null,
      primary key (sha256, piece)
    )`,
    // It is compressed already, where that helps.
    `alter table landfall.body_pieces alter column data set storage external`,
  ],
};
