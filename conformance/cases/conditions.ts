import type { CaseContext } from '../runner/context.ts';

/** Of an object's status. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** As they are at the moment. */
export async function conditionsOf(c: CaseContext, path: string): Promise<readonly Condition[]> {
  return ((await c.get(path, { unstable: true })).at('status.conditions') ?? []) as readonly Condition[];
}

/** Waits for a condition of an object with this status, reason and message. */
export async function awaitCondition(
  c: CaseContext,
  path: string,
  [type, status, reason, message]: readonly [string, string, string, string | RegExp],
): Promise<void> {
  await c.eventually(`${type} ${status} ${reason}: ${message}`, async () => {
    const found = (await conditionsOf(c, path)).find((condition) => condition.type === type);
    const isMessage = typeof message === 'string' ? found?.message === message : message.test(found?.message ?? '');
    return found?.status === status && found.reason === reason && isMessage;
  });
}
