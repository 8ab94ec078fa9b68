import ms from 'ms';
import type { JsonValue } from '../model/json.ts';
import { type Content, type Html, html } from './html.ts';

/** A time for people, with the exact one at hand. */
export function time(iso: string, now: number): Html {
  const ago = now - Date.parse(iso);
  const said = ago >= 0 ? `${ms(ago)} ago` : `in ${ms(-ago)}`;
  return html`<time datetime="${iso}" title="${iso}">${said}</time>`;
}

/** A time to the second, in UTC. */
export function exactTime(iso: string): Html {
  return html`<time datetime="${iso}">${iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')}</time>`;
}

/** A link to another site, which learns nothing of where it was followed from. */
export function outwards(url: string, text: Content): Html {
  return html`<a href="${url}" rel="noreferrer">${text} <span aria-hidden="true">↗</span></a>`;
}

export function link(path: string, text: Content): Html {
  return html`<a href="${path}">${text}</a>`;
}

/** An id; a very long one is cut, and whole in its title. */
export function shortId(id: string): Html {
  return id.length <= 44
    ? html`<span class="id">${id}</span>`
    : html`<span class="id" title="${id}">${id.slice(0, 32)}…</span>`;
}

/** How it stands: never said by the colour alone. */
export type Tone = 'good' | 'bad' | 'warn' | 'plain';
export function badge(tone: Tone, text: string): Html {
  return html`<span class="badge ${tone}">${text}</span>`;
}

/** A cell of numbers, which stand with their last digits below each other. */
export interface Numeric {
  numeric: Content;
}
export function numeric(text: Content): Numeric {
  return { numeric: text };
}

type Cell = Content | Numeric;

/** A table that scrolls by itself where the page is narrow. */
export function table(caption: string, head: readonly Cell[], rows: readonly (readonly Cell[])[]): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption class="hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((cell) =>
            isNumeric(cell)
              ? html`<th scope="col" class="number">${cell.numeric}</th>`
              : html`<th scope="col">${cell}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map(showCell)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function showCell(cell: Cell): Html {
  return isNumeric(cell) ? html`<td class="number">${cell.numeric}</td>` : html`<td>${cell}</td>`;
}

function isNumeric(cell: Cell): cell is Numeric {
  return typeof cell === 'object' && cell !== null && 'numeric' in cell;
}

/** Terms and what they are; those with nothing to say are left out. */
export function facts(all: readonly (readonly [term: string, value: Content])[]): Html {
  const told = all.filter(([, value]) => value !== null && value !== '');
  return html`<dl class="facts">
    ${told.map(
      ([term, value]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** Text as it is, line for line, in a box that scrolls. */
export function verbatim(label: string, text: string): Html {
  return html`<pre class="scroll" role="region" aria-label="${label}" tabindex="0">${text}</pre>`;
}

/** A value as JSON on several lines. */
export function json(label: string, value: JsonValue): Html {
  return verbatim(label, JSON.stringify(value, null, 2));
}

export function notice(tone: Tone, text: Content): Html {
  return html`<p class="notice ${tone}">${text}</p>`;
}

/** `1 event`, `2 events`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : `${noun}s`}`;
}

interface FieldOptions {
  value?: string;
  /** @default text */
  type?: 'text' | 'number';
  /** What may be meant. */
  list?: readonly string[];
  hint?: string;
  required?: boolean;
  long?: boolean;
}

/** One labelled field of a form. */
export function field(
  label: string,
  name: string,
  { value = '', type = 'text', list, hint, required = false, long = false }: FieldOptions = {},
): Html {
  const listId = list === undefined ? null : `${name}-list`;
  return html`<label>
    ${label}${hint === undefined ? null : html` <small>${hint}</small>`}
    <input
      name="${name}"
      type="${type}"
      value="${value}"
      maxlength="${long ? 2_000 : 300}"
      class="${long ? 'long' : ''}"
      autocomplete="off"
      ${required ? html`required` : null}
      ${listId === null ? null : html`list="${listId}"`}
    />
    ${
      list === undefined
        ? null
        : html`<datalist id="${listId}">
            ${list.map((each) => html`<option value="${each}"></option>`)}
          </datalist>`
    }
  </label>`;
}

/** One field with few values. */
export function choice(
  label: string,
  name: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen = '',
): Html {
  return html`<label>
    ${label}
    <select name="${name}">
      ${options.map(
        ([value, text]) =>
          html`<option value="${value}" ${value === chosen ? html`selected` : null}>${text}</option>`,
      )}
    </select>
  </label>`;
}

/** One of few things, with what each means; none is chosen beforehand. */
export function radio(
  label: string,
  name: string,
  options: readonly (readonly [value: string, text: string, says: string])[],
): Html {
  return html`<fieldset>
    <legend>${label}</legend>
    ${options.map(
      ([value, text, says]) =>
        html`<label class="tick">
          <input type="radio" name="${name}" value="${value}" required />
          <span><strong>${text}</strong> ${says}</span>
        </label>`,
    )}
  </fieldset>`;
}
