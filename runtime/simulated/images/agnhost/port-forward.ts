import { sleep } from '../../../client/sleep.ts';
import type { Connection } from '../../../network/network.ts';
import { resolveHost } from '../resolve.ts';
import type { CommandProgram } from './command.ts';

const restMs = 500;

/** Takes one connection, checks what it is sent, and answers in pieces. */
export const portForwardTester: CommandProgram = async (context) => {
  const { environment, network, clock, killed, stdout, onTerminate } = context;
  const print = (text: string): void => stdout.write(`${text}\n`);
  const [ip = ''] = await resolveHost(context, environment.get('BIND_ADDRESS') || 'localhost');
  const { promise, resolve } = Promise.withResolvers<Connection | undefined>();
  const anywhere = ip === '0.0.0.0' || ip === '::';
  const listener = network.listen(Number(environment.get('BIND_PORT')), resolve, anywhere ? {} : { ip });
  onTerminate(() => resolve(undefined));
  killed.addEventListener('abort', () => resolve(undefined), { once: true });
  const connection = await promise;
  listener.close();
  if (connection === undefined) return 2;
  const { stream } = connection;
  print('Accepted client connection');
  const expected = environment.get('EXPECTED_CLIENT_DATA') ?? '';
  if (expected !== '') {
    let text = '';
    // The connection stays for the answer.
    for await (const piece of stream.iterator({ destroyOnReturn: false })) {
      text += (piece as Buffer).toString('latin1');
      if (text.length >= expected.length) break;
    }
    if (text.length < expected.length) {
      print(`Expected to read ${expected.length} bytes from client, but got ${text.length} instead. err=EOF`);
      return 2;
    }
    if (text !== expected) {
      print(`Expect to read ${JSON.stringify(expected)}, but got ${JSON.stringify(text)}. err=<nil>`);
      return 3;
    }
    print('Received expected client data');
  }
  for (const name of ['CHUNKS', 'CHUNK_SIZE', 'CHUNK_INTERVAL']) {
    const value = environment.get(name) ?? '';
    if (/^\d+$/.test(value)) continue;
    print(
      `Error parsing ${name} ${JSON.stringify(value)}: strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
    return 1;
  }
  const count = (name: string): number => Number(environment.get(name));
  for (let at = 0; at < count('CHUNKS') && !killed.aborted; at++) {
    if (at > 0) await sleep(clock, count('CHUNK_INTERVAL'), killed);
    stream.write('x'.repeat(count('CHUNK_SIZE')));
  }
  print('Shutting down connection');
  stream.end();
  await sleep(clock, restMs, killed);
  stream.destroy();
  print('Done');
  return 0;
};
