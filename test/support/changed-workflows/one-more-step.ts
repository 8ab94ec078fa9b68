import { sleep } from '@temporalio/workflow';

/** A change that histories of before do not replay: each run begins with a timer. `asked` says which runs make it. */
export function oneMoreStep(asked: () => boolean) {
  return <Input, Result>(workflow: (input: Input) => Promise<Result>) =>
    async (input: Input): Promise<Result> => {
      if (asked()) await sleep('1 ms');
      return workflow(input);
    };
}
