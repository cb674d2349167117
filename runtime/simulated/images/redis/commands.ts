import type { ByteText } from '../../../files/file-tree.ts';
import { collectionCommands } from './collection-commands.ts';
import type { DataCommand } from './data-command.ts';
import { keyCommands } from './key-commands.ts';
import { RedisError, type Reply } from './resp.ts';
import type { Store } from './store.ts';
import { stringCommands } from './string-commands.ts';

export const dataCommands: Readonly<Record<string, DataCommand>> = {
  ...keyCommands,
  ...stringCommands,
  ...collectionCommands,
};

/** Throws RedisError. */
export function runData(store: Store, name: string, words: readonly ByteText[]): Reply {
  const command = dataCommands[name];
  if (command === undefined) {
    const shown = words.map((word) => `'${word}' `).join('');
    throw new RedisError(`ERR unknown command '${name}', with args beginning with: ${shown}`);
  }
  const [least, most] = command.words;
  if (words.length < least || (most >= 0 && words.length > most)) throw wrongNumber(name);
  return command.run(store, words);
}

export function wrongNumber(name: string): RedisError {
  return new RedisError(`ERR wrong number of arguments for '${name}' command`);
}
