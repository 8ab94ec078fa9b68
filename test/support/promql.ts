import { createRequire } from 'node:module';
import type * as LanguageModule from '@codemirror/language' with { 'resolution-mode': 'require' };
import type * as StateModule from '@codemirror/state' with { 'resolution-mode': 'require' };
import type { SyntaxNode } from '@lezer/common' with { 'resolution-mode': 'require' };
import { LanguageType, promQLLanguage } from '@prometheus-io/codemirror-promql';
import { Parser } from '@prometheus-io/codemirror-promql/dist/cjs/parser/parser.js';

// The checker is CommonJS, and knows a state only by its own copy of these.
const require = createRequire(import.meta.url);
const { EditorState } = require('@codemirror/state') as typeof StateModule;
const { syntaxTree, syntaxTreeAvailable } = require('@codemirror/language') as typeof LanguageModule;

/** A query as Prometheus reads it. */
export interface PromqlReading {
  /** What the checker of Prometheus' own query page has against it: of the grammar, of types, of arguments. */
  problems: string[];
  /** What is asked for: a metric, and the labels that it is chosen, grouped or joined by. */
  asked: { metric: string; labels: string[] }[];
}

/** Reads a query of a rule, or of a Grafana panel with its variables. */
export function readPromql(query: string): PromqlReading {
  // Grafana's own; variables of a dashboard stand in strings.
  const state = parse(query.replaceAll('$__rate_interval', '1m'));
  const parser = new Parser(state);
  parser.analyze();
  const { topNode } = syntaxTree(state);
  return {
    problems: [...unread(topNode), ...parser.getDiagnostics().map(({ message }) => message)],
    asked: selectors(topNode).map((selector) => readSelector(selector, state)),
  };
}

/** An editor parses for so long and no longer: on a busy machine, once more. */
function parse(doc: string): StateModule.EditorState {
  const state = EditorState.create({ doc, extensions: [promQLLanguage(LanguageType.PromQL)] });
  return syntaxTreeAvailable(state) ? state : parse(doc);
}

/** What the grammar has no place for. The checker passes over it at the end, where somebody may still be typing. */
function unread(node: SyntaxNode): string[] {
  const here = node.type.isError ? [`it cannot be read at character ${node.from + 1}`] : [];
  return [...here, ...childrenOf(node).flatMap(unread)];
}

function selectors(node: SyntaxNode): SyntaxNode[] {
  return node.name === 'VectorSelector' ? [node] : childrenOf(node).flatMap(selectors);
}

function readSelector(selector: SyntaxNode, state: StateModule.EditorState): PromqlReading['asked'][number] {
  const text = ({ from, to }: SyntaxNode) => state.sliceDoc(from, to);
  const name = childrenOf(selector).find((child) => child.name === 'Identifier');
  const labels = labelNames(selector);
  for (let outer = selector.parent; outer !== null; outer = outer.parent) {
    const modifiers = ['AggregateModifier', 'MatchingModifierClause'];
    for (const child of childrenOf(outer))
      if (modifiers.includes(child.name)) labels.push(...labelNames(child));
  }
  return { metric: name === undefined ? '' : text(name), labels: [...new Set(labels.map(text))] };
}

function labelNames(node: SyntaxNode): SyntaxNode[] {
  return node.name === 'LabelName' ? [node] : childrenOf(node).flatMap(labelNames);
}

function childrenOf({ firstChild }: SyntaxNode): SyntaxNode[] {
  const found = [];
  for (let child = firstChild; child !== null; child = child.nextSibling) found.push(child);
  return found;
}
