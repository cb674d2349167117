/** Calls `run` for 0 … count - 1, so many at once. */
export async function sideBySide(count: number, atOnce: number, run: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) await run(i);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
