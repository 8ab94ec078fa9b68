import type { DecisionOrigin } from './audit.ts';
import type { EntityRef } from './event.ts';

/** The input of the workflow `eraseEntity`. */
export interface EraseInput {
  source: string;
  entity: EntityRef;
  /** Who decided, and why. */
  by: string;
  reason: string;
  /** From where the decision came. @default temporal */
  via?: DecisionOrigin;
  /** How long a process may still know a key that was erased: see docs/privacy.md. */
  forgetMilliseconds: number;
}

/** What was found of an entity at Temporal, and is gone. */
export interface ErasedRuns {
  /** Open ones, which were ended. */
  ended: number;
  /** Of all, those that Temporal was told to delete. */
  deleted: number;
  /** Of all, those that Temporal does not let be deleted: they stay until its retention, and nobody can read them. */
  left: number;
  /** The events of the runs. */
  eventIds: string[];
}

/** The result of the workflow `eraseEntity`. */
export interface ErasureReport extends Omit<ErasedRuns, 'eventIds'> {
  source: string;
  entity: EntityRef;
  /** Keys of its histories. 0 where they were not encrypted, or under the deployment's key alone. */
  keys: number;
  /** Rows of the store, by table. */
  rows: Record<string, number>;
}

/** `erase:<source>:<type>/<id>`, cut at 255 characters. */
export function eraseWorkflowId(source: string, { type, id }: EntityRef): string {
  return `erase:${source}:${type}/${id}`.slice(0, 255);
}

/** One sentence for people. */
export function describeErasure({ ended, deleted, left, keys, rows }: ErasureReport): string {
  const stored = Object.entries(rows).filter(([, count]) => count > 0);
  const parts = [
    stored.length === 0
      ? 'no rows of the store'
      : stored.map(([table, count]) => `${count} of ${table}`).join(', '),
    `${deleted} histories${ended > 0 ? ` (${ended} of them open)` : ''}`,
    `${keys} ${keys === 1 ? 'key' : 'keys'}`,
  ];
  const stay = left > 0 ? `; ${left} histories stay until Temporal's retention` : '';
  return `erased ${parts.join(', ')}${stay}`;
}
