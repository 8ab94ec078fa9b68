import type { Request } from 'express';
import { sourceKey } from '../model/ids.ts';
import type { Source } from '../sources/define-source.ts';

/** What the path of a delivery says: `/webhooks/:source{/:account}`. */
export interface SourceParameters {
  source: string;
  account?: string;
}

/** The name of the source, or of its account, that a delivery is for. */
export function keyOf({ source, account }: SourceParameters): string {
  return sourceKey(source, account ?? null);
}

/** That source, behind the check that there is one. */
export function sourceOf(sources: ReadonlyMap<string, Source>, parameters: SourceParameters): Source {
  const source = sources.get(keyOf(parameters));
  if (source === undefined) throw new RangeError(`no source ${keyOf(parameters)}`);
  return source;
}

/** The headers of a request, one text for each name. */
export function headersOf(request: Pick<Request, 'headers'>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}
