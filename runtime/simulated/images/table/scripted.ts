import { sleep } from '../../../client/sleep.ts';
import { textOf } from '../../../files/byte-text.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { globOf } from '../glob.ts';
import { reply, serveHttp } from '../http-service.ts';
import { lifetimeOf } from '../lifetime.ts';
import type { GrpcRule, HttpRule, ImageEntry, LogRule, ProgramRule, Span } from './entry.ts';

/** What a described image's container does. */
export function scripted(entry: ImageEntry): Program {
  return (context) => {
    const { clock } = context;
    const ended = new AbortController();
    const servers: { close(): void }[] = [{ close: () => ended.abort() }];
    const lifetime = lifetimeOf(context, servers, (end) => {
      const { onTerminate } = entry;
      if (onTerminate === 'ignore') return;
      if (onTerminate.delayMs === 0) end(onTerminate.exitCode);
      else clock.after(onTerminate.delayMs, () => end(onTerminate.exitCode));
    });
    const signal = AbortSignal.any([context.killed, ended.signal]);
    void live(entry, context, servers, signal).then((code) => {
      if (code !== undefined) lifetime.end(code);
    });
    return lifetime.ended;
  };
}

/** The exit code, when it ends of its own. */
async function live(
  entry: ImageEntry,
  context: ProgramContext,
  servers: { close(): void }[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const { clock, files, facts } = context;
  await sleep(clock, entry.startMs, signal);
  if (signal.aborted) return undefined;
  open(entry, context, servers, signal);
  if (entry.runMs === undefined) return undefined;
  await sleep(clock, entry.runMs, signal);
  if (signal.aborted) return undefined;
  if (entry.terminationMessage !== undefined)
    files.write(facts.container.terminationMessagePath ?? '/dev/termination-log', textOf(entry.terminationMessage));
  return entry.exitCodes[Math.min(facts.attempt, entry.exitCodes.length - 1)] ?? 0;
}

/** All that it does while it runs. */
function open(entry: ImageEntry, context: ProgramContext, servers: { close(): void }[], signal: AbortSignal): void {
  const { clock, network, budget } = context;
  const startedAt = clock.now();
  budget.useSteadily(entry.millicores / 1000);
  if (entry.memoryBytes > 0) context.useMemory(entry.memoryBytes);
  for (const port of new Set(entry.http.map((rule) => rule.port))) {
    const rules = entry.http.filter((rule) => rule.port === port);
    servers.push(serveRules(context, rules, startedAt, signal));
  }
  for (const port of new Set(entry.grpc.map((rule) => rule.port))) {
    const rules = entry.grpc.filter((rule) => rule.port === port);
    void serveGrpc(context, port, rules, startedAt).then((server) => void servers.push(server));
  }
  for (const port of entry.tcp) servers.push(network.listen(port, ({ stream }) => void stream.resume()));
  for (const rule of entry.logs) void write(context, rule, signal);
  if (entry.memoryGrowth > 0) void grow(context, entry, signal);
}

/** A program of a described image, by the time since its container started. */
export function described(rules: readonly ProgramRule[]): Program {
  return async (context) => {
    const { clock, stdout, stderr, killed } = context;
    const [first] = context.processes().filter(({ pid }) => pid === 1);
    const rule = ruleAt(rules, clock.now() - (first?.startedAt ?? clock.now()));
    if (rule === undefined) return 1;
    await sleep(clock, rule.delayMs, killed);
    stdout.write(textOf(rule.stdout));
    stderr.write(textOf(rule.stderr));
    return rule.exitCode;
  };
}

function ruleAt<T extends Span>(rules: readonly T[], ageMs: number): T | undefined {
  return rules.find(({ fromMs, untilMs }) => ageMs >= fromMs && ageMs < untilMs);
}

async function serveGrpc(
  { network, clock }: ProgramContext,
  port: number,
  rules: readonly GrpcRule[],
  startedAt: number,
): Promise<{ close(): void }> {
  const { serveHealth } = await import('../grpc-service.ts');
  return serveHealth(network, port, (service) => {
    const fitting = rules.filter((rule) => rule.service === service);
    return ruleAt(fitting, clock.now() - startedAt)?.status;
  });
}

function serveRules(
  { network, clock }: ProgramContext,
  rules: readonly HttpRule[],
  startedAt: number,
  signal: AbortSignal,
): { close(): void } {
  return serveHttp(network, rules[0]?.port ?? 0, async (call) => {
    const { request, url } = call;
    const fitting = rules.filter(
      ({ path, method }) => globOf(path).test(url.pathname) && (method === undefined || method === request.method),
    );
    const rule = ruleAt(fitting, clock.now() - startedAt);
    if (rule === undefined) return reply(call, { status: 404, body: 'not found\n' });
    await sleep(clock, rule.delayMs, signal);
    return reply(call, { status: rule.status, headers: rule.headers, body: rule.body });
  });
}

/** `{{n}}` counts the lines, `{{time}}` is now. */
async function write(
  context: ProgramContext,
  { text, stream, everyMs, fromMs, untilMs }: LogRule,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = context;
  await sleep(clock, fromMs, signal);
  for (let n = 1, age = fromMs; !signal.aborted && age < untilMs; n++) {
    const line = text.replaceAll('{{n}}', String(n)).replaceAll('{{time}}', new Date(clock.now()).toISOString());
    context[stream].write(textOf(line.endsWith('\n') ? line : `${line}\n`));
    if (everyMs === undefined) return;
    await sleep(clock, everyMs, signal);
    age += everyMs;
  }
}

const growthMs = 1000;

async function grow(
  { clock, useMemory }: ProgramContext,
  { memoryBytes, memoryGrowth }: ImageEntry,
  signal: AbortSignal,
): Promise<void> {
  for (let bytes = memoryBytes; !signal.aborted; bytes += memoryGrowth) {
    useMemory(bytes);
    await sleep(clock, growthMs, signal);
  }
}
