import type { EntityRef } from '../model/event.ts';

/** One of the stand-in's records. */
export interface RecordState {
  /** From 0 on; number 0 is the one that the first delivery is about. */
  number: number;
  entity: EntityRef;
  /** How often it changed: 1 when it is new. */
  revision: number;
  /** When it changed last: ISO 8601 in whole seconds, no two alike. */
  changedAt: string;
  /** Counts the changes of all records: the newest has the highest. */
  order: number;
}

/** What the vendor has. */
export interface World {
  /** The record that has not changed for the longest time first. */
  records: readonly RecordState[];
  /** Each change there ever was, the oldest first: for vendors that list events. */
  changes: readonly RecordState[];
}

/** A world that can change. */
export interface ChangingWorld extends World {
  /** Changes the record of this number: its revision and its time go up, and it moves to the end. */
  change(number: number): void;
}

/** Long enough ago that no time in the world is ahead of any clock. */
const beginsMillisecondsAgo = 86_400_000;
const stepMilliseconds = 60_000;

/** So many records, each new, one made after the other. */
export function createWorld(
  count: number,
  entity: (number: number) => EntityRef,
  now: number,
): ChangingWorld {
  const changes: RecordState[] = [];
  const begin = Math.floor((now - beginsMillisecondsAgo) / 1_000) * 1_000;
  const current = (number: number) => changes.findLast((each) => each.number === number);
  const add = (number: number) => {
    const order = changes.length + 1;
    changes.push({
      number,
      entity: entity(number),
      revision: (current(number)?.revision ?? 0) + 1,
      changedAt: new Date(begin + order * stepMilliseconds).toISOString().replace('.000Z', 'Z'),
      order,
    });
  };
  for (let number = 0; number < count; number += 1) add(number);
  return {
    get records() {
      return changes.filter((each) => current(each.number) === each);
    },
    changes,
    change: add,
  };
}
