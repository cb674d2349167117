import { sleep } from '../../../client/sleep.ts';
import { type Address, NetworkError } from '../../../network/network.ts';
import type { ProgramContext } from '../../process.ts';
import { hostPort } from '../go-command.ts';
import { DialError, fetchHttp } from '../http-client.ts';
import type { Answer } from '../http-service.ts';
import { LookupError, resolveAddress } from '../resolve.ts';

const timeoutMs = 5000;

class ExchangeError extends Error {}

/** Asks another server as often as it is told to, and tells what came of it. */
export async function dialOut(
  context: ProgramContext,
  query: URLSearchParams,
  log: (message: string) => void,
): Promise<Answer> {
  const [host, port, request] = [query.get('host') ?? '', query.get('port') ?? '', query.get('request') ?? ''];
  const [protocol, tryText] = [query.get('protocol') ?? '', query.get('tries') ?? ''];
  log(`GET /dial?host=${host}&protocol=${protocol}&port=${port}&request=${request}&tries=${tryText}`);
  const bad = (body: string): Answer => ({
    status: 400,
    headers: { 'x-content-type-options': 'nosniff' },
    body: `${body}\n`,
  });
  if (tryText !== '' && !/^[-+]?\d+$/.test(tryText))
    return bad(`tries parameter is invalid. strconv.Atoi: parsing ${JSON.stringify(tryText)}: invalid syntax`);
  if (request === '') return bad('request parameter not specified. <nil>');
  const asks = exchanges[protocol.toLowerCase()];
  if (asks === undefined) return bad(`unsupported protocol. ${protocol}`);
  let to: Address;
  try {
    to = await resolveAddress(context, host, Number(port));
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    return bad(`host and/or port param are invalid. ${error.message}`);
  }
  const [responses, errors]: [string[], string[]] = [[], []];
  let last = '';
  const tries = tryText === '' ? 1 : Number(tryText);
  for (let at = 0; at < tries && !context.killed.aborted; at++) {
    try {
      last = await asks(context, request, to);
      responses.push(last);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      last = '';
      errors.push(error.message);
    }
  }
  const output = { ...(errors.length > 0 ? { errors } : {}), ...(last === '' ? {} : { responses }) };
  return { body: JSON.stringify(output) };
}

type Exchange = (context: ProgramContext, request: string, to: Address) => Promise<string>;

const http: Exchange = async (context, request, to) => {
  const url = `http://${hostPort(to)}/${request}`;
  try {
    return (await fetchHttp(context, url, { timeoutMs })).body;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isDial = error instanceof DialError || error instanceof LookupError;
    throw new ExchangeError(`Get ${JSON.stringify(url)}: ${isDial ? error.message : 'EOF'}`);
  }
};

const udp: Exchange = async ({ network, clock, killed }, request, to) => {
  const done = new AbortController();
  let outcome: { answer?: string; isRefused?: boolean } = {};
  const finish = (how: typeof outcome): void => {
    outcome = how;
    done.abort();
  };
  const socket = network.bind(0, ({ bytes }) => finish({ answer: Buffer.from(bytes).toString('utf8') }), {
    onUnreachable: () => finish({ isRefused: true }),
  });
  socket.send(to, Buffer.from(request));
  await sleep(clock, timeoutMs, AbortSignal.any([done.signal, killed]));
  socket.close();
  const { answer = '', isRefused = false } = outcome;
  if (answer !== '') return answer;
  const way = `read udp ${hostPort({ ip: network.ips[0] ?? '', port: socket.port })}->${hostPort(to)}`;
  throw new ExchangeError(
    `reading from udp connection failed. err:'${way}: ${isRefused ? 'read: connection refused' : 'i/o timeout'}'`,
  );
};

const sctp: Exchange = async ({ network, clock, killed }, request, to) => {
  const done = new AbortController();
  try {
    const { stream } = await network.connect(to, { timeoutMs, signal: killed, protocol: 'SCTP' });
    const answer = new Promise<string>((resolve) => {
      stream.once('data', (bytes: Buffer) => resolve(bytes.toString('utf8')));
      stream.once('close', () => resolve(''));
    });
    stream.write(request);
    void sleep(clock, timeoutMs, AbortSignal.any([done.signal, killed])).then(() => stream.destroy());
    const text = await answer;
    if (text === '') throw new ExchangeError("reading from sctp connection failed. err:'EOF'");
    return text;
  } catch (error) {
    if (error instanceof NetworkError)
      throw new ExchangeError(
        `sctp dial failed. err:${error.code === 'ECONNREFUSED' ? 'connection refused' : error.message}`,
      );
    throw error;
  } finally {
    done.abort();
  }
};

const exchanges: Readonly<Record<string, Exchange>> = { '': http, http, udp, sctp };
