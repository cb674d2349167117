import { Readable } from 'node:stream';
import t from 'tap';
import { pump } from './pump.ts';

t.test('the end comes a turn after the last bytes, so that readers meet them apart', async (t) => {
  const source = new Readable({ read: () => undefined });
  const told: string[] = [];
  const ended = Promise.withResolvers<void>();
  const sink = {
    write: (chunk: Uint8Array | string) => {
      told.push(String(chunk));
      setImmediate(() => told.push('turn'));
      return true;
    },
    onDrain: () => undefined,
    end: () => {
      told.push('end');
      ended.resolve();
    },
    cut: () => void told.push('cut'),
  };
  pump(source, sink, new AbortController().signal);
  source.push('words');
  source.push(null);
  await ended.promise;
  t.strictSame(told, ['words', 'turn', 'end']);
});
