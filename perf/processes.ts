import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** Resident memory of all processes of the tree. */
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

// Linux: sysconf(_SC_CLK_TCK) is 100 and pages have 4 KiB on every platform that this runs on.
const ticksPerSecond = 100;
const pageBytes = 4096;

interface ProcessStat extends Usage {
  readonly parent: number;
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold anything, blanks and parentheses included.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      parent: Number(fields[1]),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      rssBytes: Number(fields[21]) * pageBytes,
    };
  } catch {
    // It ended while we looked.
    return undefined;
  }
}

/** What the processes `roots` and all their descendants use now. */
export function treeUsage(roots: readonly number[]): Usage {
  const stats = new Map<number, ProcessStat>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined;
    if (stat !== undefined) stats.set(pid, stat);
  }
  const belongs = (pid: number): boolean => {
    if (roots.includes(pid)) return true;
    const parent = stats.get(pid)?.parent ?? 0;
    return parent > 1 && belongs(parent);
  };
  let [rssBytes, cpuSeconds] = [0, 0];
  for (const [pid, stat] of stats) {
    if (!belongs(pid)) continue;
    rssBytes += stat.rssBytes;
    cpuSeconds += stat.cpuSeconds;
  }
  return { rssBytes, cpuSeconds };
}
