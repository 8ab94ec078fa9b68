/** Those of the catalogue, and of what JavaScript itself throws. */
const known = /^(LANDFALL_[A-Z_]+|(Aggregate|Range|Reference|Syntax|Type|URI)?Error)$/;

/** The code of an error as a label. Handlers throw errors of any name, and each new one would be a series for good: the log has it as it is. */
export function codeLabel(code: string): string {
  return known.test(code) ? code : 'other';
}
