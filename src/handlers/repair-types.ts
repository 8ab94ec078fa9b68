import { type EntityRef, type FoundBy, repairType } from '../model/event.ts';

/** What a repair may have missed. */
export type Change = 'created' | 'updated' | 'deleted';

/**
 * The types that an event counts as: its own, and those that a repair stands for. Of a repair that no event of the vendor's names
 * it is known what became of the record, so it counts as `customer.updated`, as `customer.created` too where there was
 * no copy before, or as `customer.deleted`.
 *
 * @param event.known - whether there was a copy before; null counts as either
 * @param vendorType - what the vendor calls such a change, where that is something else
 */
export function typesOf(
  event: { type: string; entity: EntityRef; foundBy: FoundBy; deleted: boolean; known: boolean | null },
  vendorType: (entity: EntityRef, change: Change) => string | null = () => null,
): string[] {
  const { type, entity, deleted, known } = event;
  if (!isRepair(event)) return [type];
  const changes: Change[] = deleted ? ['deleted'] : known === true ? ['updated'] : ['updated', 'created'];
  return [
    type,
    ...changes.flatMap((change) => [`${entity.type}.${change}`, vendorType(entity, change) ?? []].flat()),
  ];
}

/** Whether reconciliation found it, and no event of the vendor's names it. */
export function isRepair(event: { type: string; entity: EntityRef; foundBy: FoundBy }): boolean {
  return event.foundBy === 'reconciliation' && event.type === repairType(event.entity);
}
