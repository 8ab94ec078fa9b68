import type { Request, RequestHandler, Response } from 'express';
import { type Operator, operatorOf } from './gate.ts';
import type { Content } from './html.ts';
import { layout, type Place } from './layout.ts';
import { redactAll } from '../monitoring/redact-all.ts';

/** What one address answers: the same facts for programs and for people. */
export interface Page<Data> {
  title: string;
  place?: Place;
  /** For programs, as JSON. */
  data: Data;
  /** For people. @param data - as above, without the configured secrets */
  main: (data: Data) => Content;
  /** What was searched for. */
  searched?: string;
}

/** Finds out what an address answers. */
export type Show<Data> = (request: Request, operator: Operator) => Promise<Page<Data>>;

/**
 * Answers with a page: as HTML, or as JSON to whoever asks for that (`Accept: application/json`).
 *
 * @param redact - takes the configured secrets out of a text: none leaves, wherever it has slipped in
 */
export function showPage<Data>(show: Show<Data>, redact: (text: string) => string): RequestHandler {
  return async (request, response) => {
    const operator = operatorOf(response);
    const { data, main, title, searched = '', ...about } = await show(request, operator);
    const clean = redactAll(data, redact);
    if (wantsJson(request)) sendJson(response, clean);
    else {
      const known = { ...about, title: redact(title), searched: redact(searched), operator };
      sendHtml(response, layout({ ...known, main: main(clean) }));
    }
  };
}

/** Whether a request is a program's. */
export function wantsJson(request: Request): boolean {
  return request.accepts('html', 'json') === 'json';
}

export function sendHtml(response: Response, page: Content): void {
  response.vary('Accept').type('html').send(String(page));
}

export function sendJson(response: Response, data: unknown): void {
  response.vary('Accept').json(data);
}
