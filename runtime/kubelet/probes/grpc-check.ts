import { type ClientHttp2Session, connect } from 'node:http2';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { goQuote } from '../../../api/go-text.ts';
import { dial } from './dial.ts';
import { hostAndPort, type ProbeOutcome, type ProbeTarget } from './probe.ts';

const statusNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const codeNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];
const unimplemented = 12;

interface Reply {
  readonly code: number;
  readonly message: string;
  readonly body: Buffer;
}

/** Asks grpc.health.v1.Health about a service. */
export async function grpcCheck(
  { network, podIP, clock }: ProbeTarget,
  port: number,
  service: string,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const address = hostAndPort(podIP, port);
  const fail = (output: string): ProbeOutcome => ({ is: 'failure', output });
  const seconds = `${timeoutMs / 1000}s`;
  const late = `timeout: failed to connect service ${goQuote(address)} within ${seconds}: context deadline exceeded`;
  const endsAt = clock.now() + timeoutMs;
  let session: ClientHttp2Session | undefined;
  try {
    const stream = await dial(network, { ip: podIP, port }, timeoutMs).catch(() => undefined);
    if (stream === undefined) {
      // A client that blocks tries until its time is over; the answer is known before.
      return fail(late);
    }
    session = connect(`http://${address}`, { createConnection: () => stream });
    const reply = await call(session, clock, Math.max(1, endsAt - clock.now()), service);
    if (reply === 'timeout') return fail(`timeout: health rpc did not complete within ${seconds}`);
    if (reply.code === unimplemented)
      return fail(
        `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${reply.message}`,
      );
    if (reply.code !== 0) {
      const why = `rpc error: code = ${codeNames[reply.code] ?? `Code(${reply.code})`} desc = ${reply.message}`;
      return fail(`error: health rpc probe failed: ${why}`);
    }
    const status = statusOf(reply.body);
    if (status !== 1) return fail(`service unhealthy (responded with ${goQuote(statusNames[status] ?? `${status}`)})`);
    return { is: 'success', output: 'service healthy' };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(`error: health rpc probe failed: rpc error: code = Unavailable desc = ${why}`);
  } finally {
    session?.destroy();
  }
}

function call(
  session: ClientHttp2Session,
  clock: ProbeTarget['clock'],
  timeoutMs: number,
  service: string,
): Promise<Reply | 'timeout'> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply | 'timeout'>();
  const timer = clock.after(timeoutMs, () => resolve('timeout'));
  session.on('error', reject);
  session.on('close', () => reject(new Error('error reading server preface: EOF')));
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    'user-agent': 'kube-probe/1.36',
    te: 'trailers',
  });
  const chunks: Buffer[] = [];
  let code = 0;
  let message = '';
  const look = (headers: NodeJS.Dict<string | string[]>): void => {
    if (headers['grpc-status'] === undefined) return;
    code = Number(headers['grpc-status']);
    message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
  };
  stream.on('response', (headers) => look(headers as NodeJS.Dict<string | string[]>));
  stream.on('trailers', (headers) => look(headers as NodeJS.Dict<string | string[]>));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => resolve({ code, message, body: Buffer.concat(chunks) }));
  stream.on('error', reject);
  stream.end(requestOf(service));
  return promise.finally(() => timer.cancel());
}

/** A message is preceded by a byte of flags and its length. */
function requestOf(service: string): Buffer {
  const message = service === '' ? new Uint8Array() : new BinaryWriter().tag(1, 2).string(service).finish();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function statusOf(body: Buffer): number {
  const reader = new BinaryReader(body.subarray(5));
  let status = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) status = reader.int32();
    else reader.skip(type);
  }
  return status;
}
