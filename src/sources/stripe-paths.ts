/**
 * Where Stripe's API shows the objects of a type, from `/` on, without the id; null where they have no address of their own (a
 * balance, a discount, a session that lives for minutes, a person of an account): their events complete as `ignored`. The types of
 * API v2 are named after their addresses: a `v2.core.account` is in `/v2/core/accounts`.
 *
 * @see https://docs.stripe.com/api
 */
export function stripePath(type: string): string | null {
  const path = paths.get(type);
  if (path !== undefined) return `/v1/${path}`;
  if (!/^v2(\.[a-z0-9_]+){2,}$/.test(type)) return null;
  const plural = type.replace(/y$/, 'ie').replace(/([^s])$/, '$1s');
  return `/${plural.replaceAll('.', '/')}`;
}

const paths: ReadonlyMap<string, string> = new Map([
  ['account', 'accounts'],
  ['application_fee', 'application_fees'],
  ['balance_transaction', 'balance_transactions'],
  ['billing.alert', 'billing/alerts'],
  ['billing.credit_balance_transaction', 'billing/credit_balance_transactions'],
  ['billing.credit_grant', 'billing/credit_grants'],
  ['billing.meter', 'billing/meters'],
  ['billing_portal.configuration', 'billing_portal/configurations'],
  ['charge', 'charges'],
  ['checkout.session', 'checkout/sessions'],
  ['climate.order', 'climate/orders'],
  ['climate.product', 'climate/products'],
  ['coupon', 'coupons'],
  ['credit_note', 'credit_notes'],
  ['customer', 'customers'],
  ['dispute', 'disputes'],
  ['file', 'files'],
  ['financial_connections.account', 'financial_connections/accounts'],
  ['identity.verification_session', 'identity/verification_sessions'],
  ['invoice', 'invoices'],
  ['invoice_payment', 'invoice_payments'],
  ['invoiceitem', 'invoiceitems'],
  ['issuing.authorization', 'issuing/authorizations'],
  ['issuing.card', 'issuing/cards'],
  ['issuing.cardholder', 'issuing/cardholders'],
  ['issuing.dispute', 'issuing/disputes'],
  ['issuing.personalization_design', 'issuing/personalization_designs'],
  ['issuing.token', 'issuing/tokens'],
  ['issuing.transaction', 'issuing/transactions'],
  ['mandate', 'mandates'],
  ['payment_intent', 'payment_intents'],
  ['payment_link', 'payment_links'],
  ['payment_method', 'payment_methods'],
  ['payout', 'payouts'],
  ['plan', 'plans'],
  ['price', 'prices'],
  ['product', 'products'],
  ['promotion_code', 'promotion_codes'],
  ['quote', 'quotes'],
  ['radar.early_fraud_warning', 'radar/early_fraud_warnings'],
  ['refund', 'refunds'],
  ['reporting.report_run', 'reporting/report_runs'],
  ['reporting.report_type', 'reporting/report_types'],
  ['review', 'reviews'],
  ['scheduled_query_run', 'sigma/scheduled_query_runs'],
  ['setup_intent', 'setup_intents'],
  ['source', 'sources'],
  ['subscription', 'subscriptions'],
  ['subscription_schedule', 'subscription_schedules'],
  ['tax_id', 'tax_ids'],
  ['tax_rate', 'tax_rates'],
  ['terminal.reader', 'terminal/readers'],
  ['test_helpers.test_clock', 'test_helpers/test_clocks'],
  ['topup', 'topups'],
  ['transfer', 'transfers'],
  ['treasury.credit_reversal', 'treasury/credit_reversals'],
  ['treasury.debit_reversal', 'treasury/debit_reversals'],
  ['treasury.financial_account', 'treasury/financial_accounts'],
  ['treasury.inbound_transfer', 'treasury/inbound_transfers'],
  ['treasury.outbound_payment', 'treasury/outbound_payments'],
  ['treasury.outbound_transfer', 'treasury/outbound_transfers'],
  ['treasury.received_credit', 'treasury/received_credits'],
  ['treasury.received_debit', 'treasury/received_debits'],
]);

/** The types of API v1 that can be fetched. */
export const stripeTypes: readonly string[] = [...paths.keys()];
