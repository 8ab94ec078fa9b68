import { access, property } from './code.ts';

/** A value that an adapter reads in a body. */
export interface Leaf {
  path: readonly string[];
  /** False where a body without it is an event as well. */
  required: boolean;
}

interface Node {
  required: boolean;
  /** null: a value. */
  children: Map<string, Node> | null;
}

/** The schema of a body, and how each value in it is read. */
export interface BodySchema {
  /** As zod takes it. */
  code: string;
  /** The expression for a value, from the variable on. */
  read(variable: string, path: readonly string[]): string;
}

/** The schema of a body that holds these values; what lies on the way to a value that may be missing may be missing too. */
export function createBodySchema(leaves: readonly Leaf[]): BodySchema {
  const root: Node = { required: true, children: new Map() };
  for (const { path, required } of leaves) {
    let node = root;
    for (const [index, part] of path.entries()) {
      node.children ??= new Map();
      const isLast = index === path.length - 1;
      const child = node.children.get(part) ?? { required: false, children: isLast ? null : new Map() };
      child.required ||= required;
      node.children.set(part, child);
      node = child;
    }
  }
  return {
    code: print(root, 0),
    read(variable, path) {
      let [node, code] = [root, variable];
      for (const part of path) {
        code += access(part, !node.required);
        node = node.children?.get(part) ?? node;
      }
      return code;
    },
  };
}

function print({ required, children }: Node, depth: number): string {
  const may = required ? '' : '.optional()';
  if (children === null) return `text${may}`;
  const space = '  '.repeat(depth + 1);
  const parts = [...children].map(
    ([name, child]) => `${space}${property(name)}: ${print(child, depth + 1)},\n`,
  );
  return `z.object({\n${parts.join('')}${'  '.repeat(depth)}})${may}`;
}
