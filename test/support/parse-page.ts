import { parseHTML } from 'linkedom';

/** What tests ask of an element: linkedom's own types are those of a browser, which this project is compiled without. */
export interface PageElement {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement> & { readonly length: number };
}

/** A page, parsed. */
export interface ParsedPage extends Pick<PageElement, 'querySelector' | 'querySelectorAll'> {
  readonly body: PageElement;
}

/** Parses HTML as browsers do. */
export function parsePage(html: string): ParsedPage {
  return parseHTML(html).document;
}
