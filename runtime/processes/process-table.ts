import { FileError } from '../files/file-tree.ts';
import { createProcess, type Process, type Space } from './process.ts';
import type { SpawnOptions } from './program.ts';

/** Processes that see each other: those of a container, of a pod with a common process namespace, or of a node. */
export interface ProcessTable {
  spawn(space: Space, options: SpawnOptions, parent?: Process): Process;
  /** Oldest first. */
  list(): readonly Process[];
  find(pid: number): Process | undefined;
  /** To all of a group; whether there was one. */
  signalGroup(group: number, name: string): boolean;
  /** As `kill`: what a process may do to others. */
  kill(pid: number, name: string, sender: Process): void;
  /** Ends all of a container. */
  killSpace(space: Space): void;
  nextTerminal(): number;
  forget(process: Process): void;
  readonly size: number;
}

/** A script that starts itself again and again ends nowhere else. */
const maxProcesses = 1024;

export function createProcessTable(): ProcessTable {
  return new MemoryProcessTable();
}

class MemoryProcessTable implements ProcessTable {
  readonly #processes = new Map<number, Process>();
  #lastPid = 0;
  #terminals = 0;

  get size(): number {
    return this.#processes.size;
  }

  spawn(space: Space, options: SpawnOptions, parent?: Process): Process {
    if (this.size >= maxProcesses) throw new FileError('EAGAIN', "can't fork: Resource temporarily unavailable");
    const process = createProcess({ table: this, space, options, pid: this.#lastPid + 1, parent });
    this.#lastPid++;
    this.#processes.set(process.pid, process);
    process.start();
    return process;
  }

  list(): readonly Process[] {
    return [...this.#processes.values()];
  }

  find(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  signalGroup(group: number, name: string): boolean {
    const all = this.list().filter((one) => one.group === group);
    for (const one of all) one.deliver(name);
    return all.length > 0;
  }

  kill(pid: number, name: string, sender: Process): void {
    const targets = this.list().filter((one) => {
      if (pid > 0) return one.pid === pid;
      if (pid === -1) return one.pid !== 1 && one !== sender;
      return one.group === (pid === 0 ? sender.group : -pid);
    });
    if (targets.length === 0) throw new FileError('ESRCH', 'No such process');
    const allowed = targets.filter((one) => sender.user.uid === 0 || sender.user.uid === one.user.uid);
    if (allowed.length === 0) throw new FileError('EPERM', 'Operation not permitted');
    for (const one of allowed) one.deliver(name);
  }

  killSpace(space: Space): void {
    for (const one of this.list()) if (one.space === space) one.end({ code: 137, signal: 'KILL' });
  }

  nextTerminal(): number {
    return this.#terminals++;
  }

  forget(process: Process): void {
    this.#processes.delete(process.pid);
    // Orphans belong to the first process.
    for (const child of this.#processes.values())
      if (child.parent === process.pid) child.parent = process.pid === 1 ? 0 : 1;
  }
}
