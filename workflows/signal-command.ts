/** The command that sends a signal from a terminal, to be copied out of the Temporal UI. */
export function signalCommand(workflowId: string, name: string, argument: object): string {
  return [
    'temporal workflow signal \\',
    `  --workflow-id '${workflowId.replaceAll("'", String.raw`'\''`)}' \\`,
    `  --name ${name} --input '${JSON.stringify(argument)}'`,
  ].join('\n');
}
