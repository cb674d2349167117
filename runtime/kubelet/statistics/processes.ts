const mostIds = 4_194_304;
/** What a process costs at least, and how many such parts of its memory a kernel leaves to them: stacks of 16 KiB in an eighth. */
const bytesPerThread = 8 * 16 * 1024;

/** How many processes a node can have: as many as there are numbers, or as its memory is enough for. */
export function processesOfNode(memoryBytes: number): number {
  return Math.min(mostIds, Math.floor(memoryBytes / bytesPerThread));
}
