import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { z } from 'zod';
import type { Ratio } from './ratio.ts';

/** This project is compiled without the DOM's types. */
const elementSchema = z.object({ outerHTML: z.string().startsWith('<svg ') });
const rowHeight = 22;
const colours = { met: '#2a7d4f', missed: '#b3372f', none: '#5b6470' };

/** The ratios of one server as an SVG: each a point on a logarithmic axis with its spread, and its goal as a line. */
export function plotRatios(ratios: readonly Ratio[], server: Ratio['server']): string {
  // Of a proxy, which has no properties of its own.
  const document: unknown = Reflect.get(parseHTML('<!doctype html><html><body></body></html>'), 'document');
  const rows = ratios
    .filter((ratio) => ratio.server === server)
    .map(({ suite, name, value, spread, goal, met }) => ({
      what: `${suite}: ${name}`,
      value,
      ...spread,
      goal: goal === null ? null : 'atLeast' in goal ? goal.atLeast : goal.atMost,
      colour: met === null ? colours.none : met ? colours.met : colours.missed,
    }));
  const drawn: unknown = Plot.plot({
    document,
    width: 960,
    height: 60 + rows.length * rowHeight,
    marginLeft: 380,
    style: { fontFamily: 'system-ui, sans-serif', fontSize: '12px', background: 'white' },
    x: {
      type: 'log',
      grid: true,
      label: 'Landfall / the other (green: goal met, red: missed; the black line is the goal)',
    },
    y: { label: null, domain: rows.map(({ what }) => what) },
    marks: [
      Plot.ruleX([1], { stroke: '#999' }),
      Plot.ruleY(rows, { y: 'what', x1: 'minimum', x2: 'maximum', stroke: 'colour', strokeWidth: 2 }),
      Plot.tickX(
        rows.filter(({ goal }) => goal !== null),
        { y: 'what', x: 'goal', stroke: 'black', strokeWidth: 2 },
      ),
      Plot.dot(rows, { y: 'what', x: 'value', fill: 'colour', r: 5 }),
    ],
  });
  const { outerHTML } = elementSchema.parse(drawn);
  return `${outerHTML.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')}\n`;
}
