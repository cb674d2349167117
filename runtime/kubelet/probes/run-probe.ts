import { expanded } from '../environment/expansion.ts';
import { dial } from './dial.ts';
import { execInContainer } from './exec-in-container.ts';
import { httpGet } from './http-get.ts';
import { type ProbeOutcome, type ProbeSpec, type ProbeTarget, portOf } from './probe.ts';

/** An error is asked again at once, as often as upstream does. */
const maxTries = 3;

/** Looks once at a container. */
export async function runProbe(spec: ProbeSpec, target: ProbeTarget): Promise<ProbeOutcome> {
  let outcome: ProbeOutcome = { is: 'error', message: '' };
  for (let tries = 0; tries < maxTries; tries++) {
    outcome = await tryProbe(spec, target);
    if (outcome.is !== 'error') break;
  }
  return outcome;
}

async function tryProbe(spec: ProbeSpec, target: ProbeTarget): Promise<ProbeOutcome> {
  try {
    return await look(spec, target);
  } catch (error) {
    return { is: 'error', message: error instanceof Error ? error.message : String(error) };
  }
}

async function look(spec: ProbeSpec, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = (spec.timeoutSeconds ?? 1) * 1000;
  const { clock, running, container, network, podIP } = target;
  if (spec.exec !== undefined) {
    const known = new Map((container.env ?? []).flatMap(({ name, value }) => (value ? [[name ?? '', value]] : [])));
    const command = (spec.exec.command ?? []).map((word) => expanded(word, (name) => known.get(name)));
    const result = await execInContainer(running, command, clock, timeoutMs).catch(notRun(running.id));
    if (result.is === 'late') return { is: 'failure', output: result.message };
    return { is: result.code === 0 ? 'success' : 'failure', output: result.output };
  }
  if (spec.httpGet !== undefined) {
    portOf(spec.httpGet.port, container);
    return httpOutcome(await httpGet(target, spec.httpGet, 'probe', timeoutMs).catch(failed));
  }
  if (spec.tcpSocket !== undefined) {
    const port = portOf(spec.tcpSocket.port, container);
    const stream = await dial(network, { ip: spec.tcpSocket.host || podIP, port }, timeoutMs).catch(failed);
    if ('is' in stream) return stream;
    stream.destroy();
    return { is: 'success', output: '' };
  }
  if (spec.grpc !== undefined) {
    const { grpcCheck } = await import('./grpc-check.ts');
    return grpcCheck(target, spec.grpc.port ?? 0, spec.grpc.service ?? '', timeoutMs);
  }
  throw new Error('missing probe handler');
}

/** As containerd tells it of a program that it could not start. */
function notRun(id: string): (error: unknown) => never {
  return (error) => {
    const message = error instanceof Error ? error.message : String(error);
    const where = `failed to exec in container: failed to start exec "${id.replace(/^.*:\/\//, '')}"`;
    throw new Error(`rpc error: code = Unknown desc = ${where}: ${message.replace(/(: unknown)?$/, ': unknown')}`);
  };
}

function failed(error: unknown): ProbeOutcome & { readonly is: 'failure' } {
  return { is: 'failure', output: error instanceof Error ? error.message : String(error) };
}

function httpOutcome(answer: Awaited<ReturnType<typeof httpGet>> | ProbeOutcome): ProbeOutcome {
  if ('is' in answer) return answer;
  const { status, body } = answer;
  if (status < 200 || status >= 400) return { is: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
  if (status >= 300) return { is: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
  return { is: 'success', output: body };
}
