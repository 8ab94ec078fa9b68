/** A text as it stands in code. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** The name of a property as it stands in an object. */
export function property(name: string): string {
  return isIdentifier(name) ? name : quote(name);
}

/** The property of a value: `.id`, or `['invoice-id']`. */
export function access(name: string, optional = false): string {
  if (isIdentifier(name)) return `${optional ? '?' : ''}.${name}`;
  return `${optional ? '?.' : ''}[${quote(name)}]`;
}

/** A place in a body as a JSON Pointer. */
export function pointer(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The lines of a block, further to the right; empty ones stay empty. */
export function indent(text: string, by = 2): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(by));
}

const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name);
