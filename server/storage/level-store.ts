import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Clock } from '../../api/clock.ts';
import { StoreOpenError, storeOpenError } from './open-error.ts';
import { openRevisionedStore } from './revisioned-store.ts';
import { levelDatabase, type RowDatabase, type RowDriver } from './row-database.ts';
import type { ObjectStore } from './store.ts';

export interface LevelStoreOptions {
  readonly directory: string;
  readonly clock: Clock;
}

/** Objects in a LevelDB directory, which one process may have open at a time. */
export async function openLevelStore({ directory, clock }: LevelStoreOptions): Promise<ObjectStore> {
  try {
    return await openRevisionedStore(levelDriver(directory), clock);
  } catch (error) {
    throw error instanceof StoreOpenError ? error : storeOpenError(directory, error);
  }
}

export function levelDriver(directory: string): RowDriver {
  return { open: () => openDatabase(directory), hasRoom: () => hasRoom(directory) };
}

async function openDatabase(directory: string): Promise<RowDatabase> {
  // Objects hold secrets.
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const owner = join(directory, ownerName);
  if ((await textOf(owner)) === thisProcess()) throw lockedByThisProcess();
  const level = new ClassicLevel<string, Uint8Array>(directory, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    writeBufferSize,
    cacheSize,
  });
  await level.open();
  try {
    await writeFile(owner, thisProcess());
  } catch (error) {
    // A full disk: left open, the directory could never be opened again.
    await level.close();
    throw error;
  }
  const database = levelDatabase(level);
  return {
    ...database,
    async close() {
      await database.close();
      await rm(owner, { force: true });
    },
  };
}

/**
 * LevelDB's own lock keeps other processes out. But a second attempt in the same process, though refused, would release it: POSIX locks end
 * when a process closes any descriptor of the file. So such an attempt is recognised before LevelDB sees it.
 */
const ownerName = 'owner';

function thisProcess(): string {
  return `${process.pid} ${performance.timeOrigin}`;
}

function lockedByThisProcess(): Error {
  return Object.assign(new Error('already open in this process'), { code: 'LEVEL_LOCKED' });
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Nobody has it open, or it was never opened.
    return undefined;
  }
}

// Measured with 7,500 objects of 3 kB written four times: larger buffers and caches cost memory and gain nothing, since newest values are read
// from the cache above the store; Snappy, LevelDB's default, costs less CPU than the bytes it saves writing.
const writeBufferSize = 4 * 1024 * 1024;
const cacheSize = 1024 * 1024;

const probeName = 'room.probe';

/** Opening LevelDB turns its log into a table: there must be room for as much again, and some for new writes. */
async function hasRoom(directory: string): Promise<boolean> {
  const probe = join(directory, probeName);
  try {
    const logs = (await readdir(directory)).filter((name) => name.endsWith('.log'));
    const sizes = await Promise.all(logs.map(async (name) => (await stat(join(directory, name))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 256 * 1024);
    await writeFile(probe, Buffer.alloc(bytes), { flush: true });
    return true;
  } catch {
    // No room, or a directory that cannot be written for another reason: either way not yet.
    return false;
  } finally {
    await rm(probe, { force: true });
  }
}
