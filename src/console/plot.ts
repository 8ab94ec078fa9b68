import { type Html, html } from './html.ts';

/** Columns of stacked bars over time. */
export interface Plot {
  /** What is shown, as a sentence: for those who do not see it. */
  label: string;
  /** The parts of each column, from below; the place of each is its colour. */
  parts: readonly string[];
  columns: readonly {
    /** Of the column: a time. */
    label: string;
    /** One for each part. */
    values: readonly number[];
  }[];
}

const width = 720;
const height = 160;
const left = 44;
const bottom = 18;
const top = 8;

/** A plot as SVG without a style of its own: the page's policy takes none. */
export function plot({ label, parts, columns }: Plot): Html {
  const highest = niceAbove(Math.max(2, ...columns.map(({ values }) => sum(values))));
  const room = height - top - bottom;
  const step = (width - left) / Math.max(1, columns.length);
  const y = (value: number) => top + room - (value / highest) * room;
  return html`<figure class="plot">
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
      ${[0, highest / 2, highest].map(
        (value) =>
          html`<line class="grid" x1="${left}" x2="${width}" y1="${y(value)}" y2="${y(value)}" />
            <text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${short(value)}</text>`,
      )}
      ${columns.map(({ label: of, values }, index) => {
        const x = left + index * step;
        const said = values.map((value, part) => `${parts[part] ?? ''}: ${value.toLocaleString('en')}`);
        return html`<g>
          <title>${of}: ${said.join(', ')}</title>
          <rect class="target" x="${round(x)}" y="${top}" width="${round(step)}" height="${room}" />
          ${values.map((value, part) => {
            const below = sum(values.slice(0, part));
            const from = y(below + value);
            return value === 0
              ? null
              : html`<rect
                  class="part-${part}"
                  x="${round(x + step * 0.1)}"
                  y="${round(from)}"
                  width="${round(step * 0.8)}"
                  height="${round(Math.max(y(below) - from, 1))}"
                />`;
          })}
        </g>`;
      })}
      ${ends(columns).map(
        ([text, place]) =>
          html`<text x="${place === 'start' ? left : width}" y="${height - 4}" text-anchor="${place}"
            >${text}</text
          >`,
      )}
    </svg>
    <figcaption>
      ${parts.map((part, index) => html`<span class="key"><i class="part-${index}"></i>${part}</span>`)}
    </figcaption>
  </figure>`;
}

/** The first and the last column are named: a plot of times needs no more. */
function ends(columns: Plot['columns']): (readonly [text: string, place: 'start' | 'end'])[] {
  const [first, last] = [columns[0], columns.at(-1)];
  if (first === undefined || last === undefined) return [];
  return first === last
    ? [[first.label, 'start']]
    : [
        [first.label, 'start'],
        [last.label, 'end'],
      ];
}

/** The next of 2, 4, 10, 20, 40, …, whose halves are whole. */
function niceAbove(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 10].find((each) => each * magnitude >= value) ?? 10) * magnitude;
}

function short(value: number): string {
  return value >= 1_000 ? `${value / 1_000}k` : String(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
