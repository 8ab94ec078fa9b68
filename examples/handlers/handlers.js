// What happens in our company when something changes at Stripe. LANDFALL_HANDLERS names this file; no import is needed.
export default ({ on, databaseDestination, HandlerRefusedError }) => ({
  stripe: {
    handlers: [
      on(
        'customer.subscription.*',
        async (subscription, { previous, entity, idempotencyKey, signal }) => {
          const [before, now] = [planOf(previous?.data), planOf(subscription)];
          if (before === now) return;
          const response = await fetch(
            new URL(`/subscriptions/${entity.id}/plan`, process.env.ACCOUNTS_URL),
            {
              method: 'PUT',
              headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
              body: JSON.stringify({ before, now }),
              signal,
            },
          );
          if (response.status === 422) throw new HandlerRefusedError(`The accounts have no plan "${now}".`);
          if (!response.ok) throw new Error(`The accounts answered ${response.status}.`);
        },
        { name: 'plan', retry: { maximumAttempts: 8 } },
      ),
    ],
    destinations: [
      databaseDestination({
        name: 'warehouse',
        connectionString: process.env.WAREHOUSE_URL,
        table: 'stripe_customers',
        entity: 'customer',
        columns: {
          email: '/email',
          created_at: (customer) => new Date(customer.created * 1000),
          metadata: '/metadata',
        },
        deletedAt: 'deleted_at',
      }),
    ],
  },
});

/** The price that is paid; none where there is no subscription, or it has ended. */
function planOf(subscription) {
  return subscription?.status === 'active' ? subscription.items.data[0].price.id : null;
}
