import { conflictingBody, forgedEvent, malformedBody } from './bad-bodies.ts';
import type { VendorEvent } from './company.ts';
import type { Ledger } from './ledger.ts';
import type { Pauses } from './pauses.ts';
import { plainPlan, type DeliveryPlan } from './plan-delivery.ts';
import type { Message, Sender } from './sender.ts';

/** What a publisher needs. */
export interface PublisherDependencies {
  sender: Sender;
  ledger: Ledger;
  pauses: Pauses;
  now: () => number;
  secret: string;
  /** Signs what is forged. */
  wrongSecret: string;
  /** Resolves when an event's change, and the fact that it is to be sent, would outlive a crash. */
  keep: () => Promise<void>;
}

/** Turns events into deliveries, with every fault that their plan names. */
export interface Publisher {
  /** Resolves when all is delivered, dropped or given up. */
  publish(event: VendorEvent, plan: DeliveryPlan): Promise<void>;
  /** Sends again what was not delivered before a restart. */
  resume(events: readonly VendorEvent[]): void;
  /** The events that still have to reach the endpoint, oldest first. */
  outstanding(): VendorEvent[];
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

const pileSize = 4;
const pileMilliseconds = 700;

export function createPublisher(dependencies: PublisherDependencies): Publisher {
  const { sender, ledger, pauses, now, secret, wrongSecret, keep } = dependencies;
  const outstanding = new Map<string, VendorEvent>();
  const underWay = new Set<Promise<void>>();
  let pile: (() => void)[] = [];
  let forgeries = 0;
  let malformed = 0;

  const joinPile = () =>
    new Promise<void>((leave) => {
      pile.push(leave);
      if (pile.length === pileSize) void toppled();
      else if (pile.length === 1) void pauses.pause(pileMilliseconds).then(toppled);
    });
  const toppled = async () => {
    const leaving = pile.reverse();
    pile = [];
    for (const leave of leaving) {
      leave();
      // A head start, so that the order on the wire is the reverse and not a race.
      await pauses.pause(20);
    }
  };
  const time = () => new Date(now()).toISOString();
  const forge = async (event: VendorEvent) => {
    const forged = forgedEvent(event, (forgeries += 1));
    ledger.add(forged, 'forged', time());
    const body = JSON.stringify(forged);
    ended(forged.id, await sender.deliver({ id: forged.id, body, kind: 'forged', secret: wrongSecret }));
  };
  const malform = async (event: VendorEvent) => {
    const body = malformedBody(event, (malformed += 1));
    const id = `msg_malformed${malformed}_${event.id}`;
    ledger.add({ ...event, id }, 'malformed', time());
    ended(id, await sender.deliver({ id, body, kind: 'malformed', secret }));
  };
  const ended = (id: string, how: 'delivered' | 'given-up' | 'interrupted') => {
    if (how !== 'interrupted') ledger.ended(id, how);
    return how;
  };
  const deliver = async (event: VendorEvent, plan: DeliveryPlan) => {
    if (plan.delayMilliseconds > 0) await pauses.pause(plan.delayMilliseconds);
    if (plan.shuffle) await joinPile();
    const message: Message = { id: event.id, body: JSON.stringify(event), kind: 'event', secret };
    const copies = Array.from({ length: plan.times - 1 }, () =>
      sender.deliver({ ...message, kind: 'duplicate' }),
    );
    const how = ended(event.id, await sender.deliver(message));
    // What is interrupted stays outstanding: the next start sends it again.
    if (how !== 'interrupted') outstanding.delete(event.id);
    await Promise.all(copies);
    if (how === 'delivered' && plan.conflict) {
      await sender.deliver({ ...message, body: conflictingBody(event), kind: 'conflict' });
    }
  };
  const track = (work: Promise<void>) => {
    const tracked = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
    return tracked;
  };
  const publish = async (event: VendorEvent, plan: DeliveryPlan) => {
    ledger.add(event, 'event', time());
    if (plan.drop) {
      ledger.met(event.id, 'drops');
      ledger.ended(event.id, 'dropped');
    } else {
      outstanding.set(event.id, event);
      if (plan.times > 1) ledger.met(event.id, 'duplicates');
      if (plan.delayMilliseconds > 0) ledger.met(event.id, 'delays');
      if (plan.shuffle) ledger.met(event.id, 'shuffles');
      if (plan.conflict) ledger.met(event.id, 'conflicts');
    }
    if (plan.forge) ledger.met(event.id, 'forged');
    if (plan.malform) ledger.met(event.id, 'malformed');
    await keep();
    const beside = [plan.forge && forge(event), plan.malform && malform(event)];
    await Promise.all([!plan.drop && deliver(event, plan), ...beside]);
  };

  return {
    publish: (event, plan) => track(publish(event, plan)),
    resume: (events) => {
      for (const event of events) void track(publish(event, plainPlan));
    },
    outstanding: () => [...outstanding.values()],
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
