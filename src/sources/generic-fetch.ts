import { z } from 'zod';
import { VendorAnswerError } from '../errors.ts';
import type { Source } from './define-source.ts';
import type { GenericSourceSpec } from './generic-schema.ts';
import { getFromVendor } from './get-from-vendor.ts';
import { readPointer } from './json-pointer.ts';
import { pathSegment } from './vendor-error.ts';

/** Fetches a described vendor's record by GET; 404 and 410 say that it is gone. Redirects are not followed, for the token's sake. */
export function createGenericFetch(
  vendor: string,
  spec: NonNullable<GenericSourceSpec['fetch']>,
  token: (() => string) | undefined,
): NonNullable<Source['fetchRecord']> {
  return async ({ type, id }, { signal }) => {
    const what = `${type} ${id}`;
    const parts = new Map([
      ['{id}', pathSegment(id)],
      ['{type}', pathSegment(type)],
    ]);
    const url = spec.urlTemplate.replaceAll(/\{(?:id|type)\}/g, (place) => parts.get(place) ?? place);
    const { absent, text } = await getFromVendor({
      url,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : authorize(spec.tokenAs, token())),
      },
      redirect: 'manual',
      timeoutMilliseconds: spec.timeoutMilliseconds ?? 20_000,
      signal,
      vendor,
      what,
    });
    if (absent) return null;
    const record = readJson(text);
    if (!record.success) {
      throw new VendorAnswerError(
        `${vendor} answered the request for ${what} with something that is not JSON.`,
      );
    }
    const data = readPointer(record.data, spec.record);
    if (data === undefined) {
      throw new VendorAnswerError(
        `${vendor} answered the request for ${what} with JSON that holds no record at "${spec.record}".`,
      );
    }
    const at = (pointer: string | undefined) =>
      pointer === undefined ? null : (readPointer(data, pointer) ?? null);
    return { data, version: at(spec.versionPointer), sourceTime: at(spec.sourceTimePointer) };
  };
}

function authorize(
  how: NonNullable<GenericSourceSpec['fetch']>['tokenAs'],
  token: string,
): Record<string, string> {
  switch (how) {
    case 'bearer':
      return { authorization: `Bearer ${token}` };
    case 'basic':
      return { authorization: `Basic ${Buffer.from(token).toString('base64')}` };
    default:
      return { [how.header]: token };
  }
}

function readJson(text: string) {
  try {
    return z.json().safeParse(JSON.parse(text));
  } catch {
    return { success: false as const };
  }
}
