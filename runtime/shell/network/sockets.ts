import { route } from './interfaces.ts';
import type { NetworkProcess, NetworkProgram } from './place.ts';

function chosen(args: readonly string[], { network }: NetworkProcess) {
  const letters = args.filter((arg) => /^-[a-z]/i.test(arg)).join('');
  const wantsTcp = letters.includes('t') || args.includes('--tcp') || !/[tux]/.test(letters);
  const wantsUdp = letters.includes('u') || args.includes('--udp') || !/[tux]/.test(letters);
  const isListening = /[la]/.test(letters) || args.includes('--listening') || args.includes('--all');
  const sockets = network.listening().filter(({ protocol }) => (protocol === 'UDP' ? wantsUdp : wantsTcp));
  return { letters, sockets: isListening ? sockets : [] };
}

export const netstat: NetworkProgram = (args, process) => {
  const { letters, sockets } = chosen(args, process);
  const { stdout } = process;
  if (letters.includes('r')) return route(args, process);
  const what = letters.includes('a')
    ? '(servers and established)'
    : letters.includes('l')
      ? '(only servers)'
      : '(w/o servers)';
  const withProgram = letters.includes('p');
  const heading = 'Proto Recv-Q Send-Q Local Address           Foreign Address         State       ';
  stdout.write(`Active Internet connections ${what}\n${heading}${withProgram ? 'PID/Program name    ' : ''}\n`);
  for (const { ip: address, port, protocol } of sockets) {
    const isSix = address.includes(':');
    const name = `${protocol.toLowerCase()}${isSix ? '6' : ''}`.padEnd(5);
    const local = `${address}:${port}`.padEnd(23);
    const state = (protocol === 'UDP' ? '' : 'LISTEN').padEnd(11);
    stdout.write(
      `${name}      0      0 ${local} ${(isSix ? ':::*' : '0.0.0.0:*').padEnd(23)} ${state} ${withProgram ? '-                   ' : ''}\n`,
    );
  }
  return 0;
};

export const ss: NetworkProgram = (args, process) => {
  const { letters, sockets } = chosen(args, process);
  const both = !/^[^tu]*[tu][^tu]*$/.test(letters);
  process.stdout.write(`${both ? 'Netid ' : ''}State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n`);
  for (const { ip: address, port, protocol } of sockets) {
    const state = protocol === 'UDP' ? 'UNCONN' : 'LISTEN';
    const local = `${address.includes(':') ? `[${address}]` : address}:${port}`.padStart(18);
    const backlog = protocol === 'UDP' ? '0' : '4096';
    process.stdout.write(
      `${both ? protocol.toLowerCase().padEnd(6) : ''}${state.padEnd(6)} 0      ${backlog.padEnd(6)} ${local}      0.0.0.0:*\n`,
    );
  }
  return 0;
};
