import { readdirSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folders = ['api', 'server', 'runtime'];
/** Run by tests, or only when the package is installed. */
const others = /\.(test|contract|d)\.ts$|-fixtures\.ts$|test-server\.ts$|(^|\/)(spec|generated)\//;

/**
 * Fills the compile cache, so that the first start is as fast as the others: with what every start loads, and with what is loaded only when
 * somebody needs it. A module that is not in the cache costs its compilation, and the compiler of TypeScript 27 MiB that stay.
 */
export async function warm(): Promise<void> {
  await import('./start.ts');
  for (const folder of folders) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files) {
      if (file.endsWith('.ts') && !others.test(file)) await import(join(root, folder, file));
    }
  }
  flushCompileCache();
}
