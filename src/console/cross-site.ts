import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { equalInConstantTime } from '../verification/digest.ts';
import { operatorOf } from './gate.ts';
import { RefusedError } from './problems.ts';

/**
 * Refuses what a page of another site has its browser load: only a link may lead here from elsewhere. Where a browser does not say
 * (it is old, or it is none), it is let through: nothing is changed by reading.
 *
 * @see https://web.dev/articles/fetch-metadata
 */
export const refuseCrossSite: RequestHandler = (request, _response, next) => {
  const site = request.get('sec-fetch-site');
  const isLink = request.get('sec-fetch-mode') === 'navigate' && request.method === 'GET';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink) {
    throw new RefusedError('LANDFALL_CONSOLE_REFUSED', 'Another site asks for this.');
  }
  next();
};

const formSchema = z.record(z.string(), z.union([z.string(), z.number().transform(String)]));

/** The fields of a form, or of a JSON object with the same; a field that comes twice is refused. @throws ZodError */
export function fieldsOf(request: Request): Record<string, string> {
  return formSchema.parse(request.body ?? {});
}

/**
 * Takes a form only from our own page: by what the browser says of its origin, and by what only that page knows. A program has no
 * page: what it sends is JSON, or has the token in its headers, and no browser sends either for another site without asking us first.
 */
export const requireOwnForm: RequestHandler = (request, response, next) => {
  const operator = operatorOf(response);
  if (operator.by !== 'bearer') requireSameOrigin(request);
  const isJson = typeof request.is('application/json') === 'string';
  if (operator.by !== 'bearer' && !isJson) {
    const shown = Buffer.from(fieldsOf(request)['form'] ?? '');
    if (!equalInConstantTime(shown, Buffer.from(operator.formToken))) {
      throw new RefusedError(
        'LANDFALL_CONSOLE_REFUSED',
        'The form is not of this console, or of before it was started again or you logged in anew. Nothing was done: open the page again.',
      );
    }
  }
  next();
};

/** @throws RefusedError where the browser says that a form is another site's */
export function requireSameOrigin(request: Request): void {
  const site = request.get('sec-fetch-site');
  if (site === 'same-origin') return;
  const origin = request.get('origin');
  // A browser that says neither is old, and is told by the form's own token.
  if (site === undefined && (origin === undefined || hostOf(origin) === request.headers.host)) return;
  throw new RefusedError(
    'LANDFALL_CONSOLE_REFUSED',
    'The form was sent from another site. Nothing was done.',
  );
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
