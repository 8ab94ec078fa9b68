/**
 * Makes one write of many: what comes while a write is under way waits for it, and goes with the next one. Alone, an item is
 * written at once; in a burst, the database waits for its disk once for all of them.
 *
 * @param commit - writes the items in one go and answers for each, in their order
 * @param options.maxItems - in one write
 * @param options.isOfOneItem - true for an error that one item caused: then each is written by itself, and it alone fails
 * @returns writes one item; rejects as `commit` does, for the whole group
 * @see https://www.postgresql.org/docs/current/wal-async-commit.html for what is avoided here: nothing is answered before it is on disk
 */
export function createGroupCommit<Item, Result>(
  commit: (items: readonly Item[]) => Promise<readonly Result[]>,
  { maxItems, isOfOneItem }: { maxItems: number; isOfOneItem: (error: unknown) => boolean },
): (item: Item) => Promise<Result> {
  interface Waiting {
    item: Item;
    resolve: (result: Result) => void;
    reject: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let writing = false;

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!writing) void writeAll();
    });

  async function writeAll(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      await write(group);
    }
    writing = false;
  }

  async function write(group: readonly Waiting[]): Promise<void> {
    try {
      const results = await commit(group.map(({ item }) => item));
      for (const [index, { resolve, reject }] of group.entries()) {
        const result = results[index];
        if (result === undefined) reject(new RangeError(`the write answered for ${results.length} items`));
        else resolve(result);
      }
    } catch (error) {
      if (group.length > 1 && isOfOneItem(error)) {
        for (const each of group) await write([each]);
        return;
      }
      for (const { reject } of group) reject(error);
    }
  }
}
