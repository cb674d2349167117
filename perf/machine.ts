import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

export function machineFacts(): Record<string, string | number> {
  return {
    system: `${type()} ${release()}`,
    architecture: process.arch,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

function firstLine(program: string, args: readonly string[], folder?: string): string {
  try {
    return (
      execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], cwd: folder })
        .split('\n')[0]
        ?.trim() ?? ''
    );
  } catch {
    // No such program, or no repository: a version that is not known hinders nothing.
    return 'unknown';
  }
}

export function versionFacts(k6: string): Record<string, string> {
  return {
    node: process.version,
    k6: firstLine(k6, ['version']),
    kubefacade: firstLine('git', ['describe', '--always', '--dirty'], import.meta.dirname),
  };
}
