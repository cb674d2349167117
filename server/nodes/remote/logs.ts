import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { badRequest, StatusError } from '../../../api/status.ts';
import type { ContainerName, LogOptions } from '../../../api/streams/node-connection.ts';
import { authorityOf, networkErrorText } from '../../network-error.ts';
import type { RemoteKubelet } from '../connection.ts';
import { sendTo } from '../proxy/exchange.ts';

interface Asked {
  readonly target: ContainerName;
  readonly options: LogOptions;
  readonly signal: AbortSignal;
}

function pathOf({ namespace, pod, container }: ContainerName, options: LogOptions): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) if (value !== false) parameters.append(name, String(value));
  const query = parameters.size === 0 ? '' : `?${parameters}`;
  return `/containerLogs/${namespace}/${pod}/${container}${query}`;
}

/** Logs of another machine's container. Upstream: LocationStreamer. */
export async function fetchLogs(
  { address, credential }: RemoteKubelet,
  { target, options, signal }: Asked,
): Promise<Readable> {
  const path = pathOf(target, options);
  const outgoing = sendTo(
    { host: address.host, port: address.port, isTls: true, credential },
    { method: 'GET', path, headers: { host: authorityOf(address) } },
    undefined,
    signal,
  );
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
  });
  outgoing.end();
  let incoming: IncomingMessage;
  try {
    incoming = await answer;
  } catch (error) {
    const text = networkErrorText(error, address, address.host);
    throw new StatusError('', `Get "https://${authorityOf(address)}${path}": ${text}`, { cause: error });
  }
  const { statusCode = 500 } = incoming;
  if (statusCode < 400) return incoming;
  const text = Buffer.concat((await incoming.toArray()) as Buffer[]).toString();
  if (statusCode === 400) throw badRequest(text);
  throw new StatusError(statusCode === 404 ? 'NotFound' : 'InternalError', refusalText(statusCode, target, text), {
    code: statusCode,
  });
}

/** Upstream: NewGenericServerResponse. */
function refusalText(status: number, { pod }: ContainerName, text: string): string {
  if (status === 404) return `the server could not find the requested resource ( pods/log ${pod})`;
  return `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding ( pods/log ${pod})`;
}
