import { createHash } from 'node:crypto';
import { sleep } from '../../../client/sleep.ts';
import { klog } from '../go-command.ts';
import { inClusterClient as clientOf } from '../in-cluster-client.ts';
import type { CommandProgram } from './command.ts';

/** Asks the API server's /healthz again and again, and tells which token it used. */
export const inClusterClient: CommandProgram = async (context, flags) => {
  const { clock, killed, onTerminate } = context;
  const log = klog(context, 'main.go:61');
  log('started');
  const client = clientOf(context);
  if (typeof client === 'string') {
    log(`err: ${client}`);
    return 1;
  }
  const ended = new AbortController();
  onTerminate(() => ended.abort());
  const signal = AbortSignal.any([killed, ended.signal]);
  for (;;) {
    await sleep(clock, flags.number('poll-interval') * 1000, signal);
    if (signal.aborted) return 2;
    log('calling /healthz');
    log(`authz_header=${createHash('sha256').update(`salt|Bearer ${client.token()}`).digest('base64url')}`);
    try {
      const { status, body } = await client.fetch('/healthz');
      if (status !== 200) throw new Error(body);
    } catch (error) {
      log('status=failed', 'E');
      log(`error checking /healthz: ${error instanceof Error ? error.message : error}`, 'E');
    }
  }
};
