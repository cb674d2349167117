import type { Address } from '../../../network/network.ts';
import type { ProgramContext } from '../../process.ts';
import { hostPort } from '../go-command.ts';

type Served = Pick<ProgramContext, 'network' | 'facts'>;
type Log = (message: string) => void;

/** What a datagram asks for; undefined: nothing that is known. */
function answerTo(
  text: string,
  kind: 'UDP' | 'SCTP',
  from: Address,
  port: number,
  { facts }: Served,
  log: Log,
): string | undefined {
  const asked = text.trim().toLowerCase();
  const client = hostPort(from);
  if (asked === 'hostname') {
    log(`Sending ${kind === 'UDP' ? 'udp' : kind} hostName response`);
    return facts.hostname;
  }
  if (asked.startsWith('echo ')) {
    log(`Echoing ${asked.slice(5)} to ${kind} client ${client}`);
    return asked.slice(5);
  }
  if (asked === 'clientip') {
    log(`Sending clientip back to ${kind} client ${client}`);
    return client;
  }
  if (asked === 'serverport') {
    log(`Sending server port to ${kind} client ${port}`);
    return String(port);
  }
  if (asked !== '') log(`Unknown ${kind} command received from ${client}: ${asked}`);
  return undefined;
}

export function serveDatagrams(context: Served, ip: string, port: number, log: Log): { close(): void } {
  log(`Started UDP server on port ${ip} ${port}`);
  const socket = context.network.bind(
    port,
    ({ from, bytes }) => {
      const answer = answerTo(Buffer.from(bytes).toString('utf8'), 'UDP', from, port, context, log);
      if (answer !== undefined) socket.send(from, Buffer.from(answer));
    },
    ip === '' ? {} : { ip },
  );
  return socket;
}

export function serveSctp(context: Served, port: number, log: Log): { close(): void } {
  log('Started SCTP server');
  return context.network.listen(
    port,
    ({ stream, flow }) => {
      stream.once('data', (bytes: Buffer) => {
        stream.end(answerTo(bytes.toString('utf8'), 'SCTP', flow.from, port, context, log) ?? '');
      });
    },
    { protocol: 'SCTP' },
  );
}
