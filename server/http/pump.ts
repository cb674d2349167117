import type { Readable } from 'node:stream';
import type { StreamSink } from './message.ts';

/** Everything that comes, at the reader's pace; what breaks off must not look complete. Ends with the reader. */
export function pump(source: Readable, sink: StreamSink, signal: AbortSignal): void {
  const gone = (): void => void source.destroy();
  signal.addEventListener('abort', gone, { once: true });
  let ended = false;
  sink.onDrain(() => source.resume());
  source.on('end', () => {
    ended = true;
    // In a record of its own: kube-apiserver, asked for logs over a WebSocket, drops what it reads together with the end.
    setImmediate(() => sink.end());
  });
  source.on('error', () => undefined);
  source.on('close', () => {
    signal.removeEventListener('abort', gone);
    if (!ended) sink.cut();
  });
  source.on('data', (chunk: Buffer) => {
    if (!sink.write(chunk)) source.pause();
  });
  if (signal.aborted) gone();
}
