import { z } from 'zod';

/** What the vendor's webhook says: that a record changed. The rest of the body is carried along. */
export const recordEventSchema = z.looseObject({
  id: z.string().min(1),
  type: z.string().min(1),
  data: z.looseObject({ id: z.string().min(1), version: z.int() }),
});
export type RecordEvent = z.infer<typeof recordEventSchema>;

/** What the vendor's API answers. */
export const vendorRecordSchema = z.looseObject({ id: z.string().min(1), version: z.int() });
export type VendorRecord = z.infer<typeof vendorRecordSchema>;
