import { json, Router } from 'express';
import { z } from 'zod';
import { answerError } from './api.ts';
import type { DemoVendor } from './demo-vendor.ts';
import { faultsSchema } from './faults.ts';

/**
 * The vendor's back room, for a router under `/control`; nothing that a customer sees.
 * - `GET /ledger`: what was made of each event, and the totals
 * - `GET /records`: the truth about every record
 * - `GET /crm`: every effect that the CRM had
 * - `POST /settle`: stop changing, end the faults, finish what is under way; answers when it is done
 * - `POST /faults`: other bad habits from now on; the rates that the body leaves out are 0
 * - `POST /change`: `{ "on": false }` stops the changes, `true` starts them
 */
export function createControl(vendor: Omit<DemoVendor, 'close'>): Router {
  const control = Router();
  control.get('/ledger', (_request, response) => void response.json(vendor.ledger()));
  control.get('/records', (_request, response) => void response.json(vendor.snapshot()));
  control.get('/crm', (_request, response) => void response.json(vendor.crm()));
  control.post('/settle', async (_request, response) => {
    await vendor.settle();
    response.json({ settled: true, counts: vendor.ledger().counts });
  });
  control.post('/faults', json(), (request, response) => {
    const faults = faultsSchema.safeParse(request.body);
    if (!faults.success) {
      answerError(response, 400, 'bad_request', z.prettifyError(faults.error));
      return;
    }
    vendor.setFaults(faults.data);
    response.json(faults.data);
  });
  control.post('/change', json(), (request, response) => {
    const wish = z.strictObject({ on: z.boolean() }).safeParse(request.body);
    if (!wish.success) {
      answerError(response, 400, 'bad_request', z.prettifyError(wish.error));
      return;
    }
    if (wish.data.on) vendor.startChanging();
    else vendor.stopChanging();
    response.json(wish.data);
  });
  return control;
}
