import { textOf } from '../../../files/byte-text.ts';
import { type Image, lazily } from '../image.ts';
import type { ImageEntry } from './entry.ts';

/** What a described image is to a container: one program, whatever it is told to run, and those that are described. */
export function imageOfEntry(entry: ImageEntry): Image {
  const main = lazily(async () => (await import('./scripted.ts')).scripted(entry));
  const paths = new Set(entry.programs.map(({ path }) => path));
  const others = [...paths].map((path) => {
    const rules = entry.programs.filter((rule) => rule.path === path);
    return [path, lazily(async () => (await import('./scripted.ts')).described(rules))] as const;
  });
  return {
    entrypoint: ['/main'],
    ignoresCommand: true,
    programs: Object.fromEntries([['/main', main], ...others]),
    environment: entry.environment,
    ...(entry.user === undefined ? {} : { user: entry.user }),
    ...(entry.workingDir === undefined ? {} : { workingDir: entry.workingDir }),
    ...(entry.writtenBytes === undefined ? {} : { writtenBytes: entry.writtenBytes }),
    files: (tree) => {
      for (const [path, text] of Object.entries(entry.files)) tree.write(path, textOf(text));
    },
  };
}
