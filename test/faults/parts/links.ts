import type { Link, Toxiproxy } from './toxiproxy.ts';

/** Every way on which the parts talk to each other. */
export interface Links {
  vendorToReceivers: readonly Link[];
  receiverToTemporal: Link;
  receiverToStore: Link;
  workerToTemporal: Link;
  workerToStore: Link;
  workerToVendor: Link;
  workerToCrm: Link;
}

/** Puts a link on each way; the addresses are `host:port`. */
export async function layLinks(
  toxiproxy: Toxiproxy,
  to: { receivers: readonly string[]; temporal: string; store: string; vendor: string },
): Promise<Links> {
  return {
    vendorToReceivers: await Promise.all(
      to.receivers.map((address, index) => toxiproxy.link(`vendor-receiver-${index}`, address)),
    ),
    receiverToTemporal: await toxiproxy.link('receiver-temporal', to.temporal),
    receiverToStore: await toxiproxy.link('receiver-store', to.store),
    workerToTemporal: await toxiproxy.link('worker-temporal', to.temporal),
    workerToStore: await toxiproxy.link('worker-store', to.store),
    workerToVendor: await toxiproxy.link('worker-vendor', to.vendor),
    workerToCrm: await toxiproxy.link('worker-crm', to.vendor),
  };
}

/** Takes them away. */
export async function removeLinks({ vendorToReceivers, ...others }: Links): Promise<void> {
  for (const link of [...vendorToReceivers, ...Object.values(others)]) await link.remove();
}
