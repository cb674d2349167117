import { goLog, hostPort } from '../go-command.ts';
import { reply, serveHttp } from '../http-service.ts';
import { lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';

/** How long it goes on after it was told to end: until its pod has gone, a minute at most. */
const lastMs = 60_000;

export const serveHostname: CommandProgram = (context, flags) => {
  const { network, facts, clock } = context;
  const log = goLog(context);
  const port = flags.number('port');
  const [isTcp, isUdp] = [flags.isSet('tcp'), flags.isSet('udp')];
  const isHttp = flags.isSet('http');
  if (isHttp && (isTcp || isUdp)) {
    log("Can't server TCP/UDP mode and HTTP mode at the same time");
    return 1;
  }
  const servers: { close(): void }[] = [];
  if (isTcp)
    servers.push(
      network.listen(port, ({ stream, flow }) => {
        log(`TCP request from ${hostPort(flow.from)}`);
        stream.end(facts.hostname);
        stream.resume();
      }),
    );
  if (isUdp) {
    const socket = network.bind(port, ({ from }) => {
      log(`UDP request from ${hostPort(from)}`);
      socket.send(from, Buffer.from(facts.hostname));
    });
    servers.push(socket);
  }
  if (isHttp)
    servers.push(
      serveHttp(network, port, (call) => {
        log(`HTTP request from ${hostPort(call.flow.from)}`);
        const headers: Record<string, string> = flags.isSet('close') ? { connection: 'close' } : {};
        reply(call, { headers, body: facts.hostname });
      }),
    );
  log(`Serving on port ${port}.`);
  return lifetimeOf(context, servers, (end) => {
    log('Shutting down after receiving signal: terminated.');
    log('Awaiting pod deletion.');
    clock.after(lastMs, () => end(0));
  }).ended;
};
