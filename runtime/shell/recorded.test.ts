import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { fromBytes } from '../files/byte-text.ts';
import { startBusybox } from './test-busybox.ts';

interface Recorded {
  readonly script: string;
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

const users = `root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;

async function run(script: string): Promise<Omit<Recorded, 'script'>> {
  const container = startBusybox(() => Math.random());
  container.files.write('/etc/passwd', users);
  container.files.write('/etc/group', 'root:x:0:\nusers:x:100:\nnobody:x:65534:\n');
  container.files.makeDirectory('/root', 0o755);
  const written = { out: '', err: '' };
  const stream = (name: keyof typeof written): PassThrough => {
    const into = new PassThrough();
    into.on('data', (piece: Uint8Array) => {
      written[name] += fromBytes(piece);
    });
    return into;
  };
  const stdin = new PassThrough();
  stdin.end();
  const code = await Promise.race([
    container.exec(['env', 'PATH=/bin', 'HOME=/root', '/bin/sh', '-c', script], {
      stdin,
      stdout: stream('out'),
      stderr: stream('err'),
      isTerminal: false,
      signal: new AbortController().signal,
    }),
    new Promise<null>((resolve) => setTimeout(resolve, 5000, null).unref()),
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  container.stop(0);
  return { ...written, code };
}

const folder = join(import.meta.dirname, 'recorded');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

for (const file of files)
  t.test(`${file}: scripts do and say what they do in busybox`, async (t) => {
    const recorded = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recorded[];
    for (const { script, ...wanted } of recorded) t.strictSame(await run(script), wanted, script);
  });
