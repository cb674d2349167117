import { unicodeOf } from '../../../files/byte-text.ts';
import { goLog } from '../go-command.ts';
import { reply, serveHttp } from '../http-service.ts';
import { goTerminated, lifetimeOf } from '../lifetime.ts';
import type { CommandProgram } from './command.ts';
import { localhostCertificate } from './localhost-certificate.ts';

/** Serves a text at each port that a variable of the environment names. */
export const porter: CommandProgram = (context, flags) => {
  const { environment, network, files } = context;
  const log = goLog(context);
  const servers: { close(): void }[] = [];
  const web = (port: number, value: string, tls?: { cert: string; key: string }): { close(): void } =>
    serveHttp(
      network,
      port,
      (call) =>
        flags.isSet('json-response')
          ? reply(call, {
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ Method: call.request.method, Body: value }),
            })
          : reply(call, { body: value }),
      tls === undefined ? {} : { tls },
    );
  for (const [name, text] of environment) {
    const value = unicodeOf(text);
    const [, kind, number = ''] = /^SERVE_(TCP_|UDP_|TLS_|SCTP_)?PORT_(\d+)$/.exec(name) ?? [];
    if (number === '') continue;
    const port = Number(number);
    if (kind === 'UDP_') {
      const socket = network.bind(port, ({ from }) => socket.send(from, Buffer.from(value)));
      servers.push(socket);
      log(`Started UDP server on port ${port}`);
    } else if (kind === 'SCTP_') {
      servers.push(network.listen(port, ({ stream }) => void stream.end(value), { protocol: 'SCTP' }));
      log('Started SCTP server');
    } else if (kind === 'TLS_') {
      const certFile = environment.get('CERT_FILE');
      const [cert, key] = [files.read(certFile ?? ''), files.read(environment.get('KEY_FILE') ?? '')];
      if (certFile === undefined) servers.push(web(port, value, localhostCertificate));
      else if (cert !== undefined && key !== undefined) servers.push(web(port, value, { cert, key }));
      else
        log(
          `tls server on port ${JSON.stringify(number)} with certFile=${JSON.stringify(certFile)} failed: open ${certFile}: no such file or directory`,
        );
    } else servers.push(web(port, value));
  }
  return lifetimeOf(context, servers, (end) => end(goTerminated)).ended;
};
