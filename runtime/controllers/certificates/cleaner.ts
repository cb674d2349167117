import type { Api } from '../../../api/object.ts';
import { sleep } from '../../client/sleep.ts';
import type { ControllerDefinition } from '../../framework/controller.ts';
import type { Signing } from '../../framework/signing.ts';
import { unlessMissing } from '../../framework/status-cause.ts';
import { type SigningRequest, signingRequests, textOf } from './signing-requests.ts';

const hourMs = 3600_000;
const answeredMs = hourMs;
const unansweredMs = 24 * hourMs;

/** Whether a request has been of no use for so long that it goes. */
export function isSpent(
  { metadata, status }: SigningRequest,
  signing: Pick<Signing, 'notAfter'> | undefined,
  now: number,
): boolean {
  const isOlder = (time: string | undefined, ms: number): boolean => time !== undefined && now - Date.parse(time) > ms;
  const { conditions = [], certificate } = status ?? {};
  if (conditions.length === 0) return isOlder(metadata?.creationTimestamp, unansweredMs);
  return conditions.some(({ type, lastUpdateTime }) => {
    if (type === 'Denied' || type === 'Failed') return isOlder(lastUpdateTime, answeredMs);
    if (type !== 'Approved') return false;
    if (!certificate) return isOlder(lastUpdateTime, unansweredMs);
    const end = signing?.notAfter(textOf(certificate));
    return isOlder(lastUpdateTime, answeredMs) || (end !== undefined && now > end);
  });
}

/** Removes old certificate signing requests, once an hour. */
export const signingRequestCleaner: ControllerDefinition = {
  name: 'certificatesigningrequest-cleaner-controller',
  start: ({ client, clock, informers, options, onError }, signal) => {
    const name = 'certificatesigningrequest-cleaner-controller';
    const informer = informers.of<Api<'io.k8s.api.certificates.v1.CertificateSigningRequest'>>(signingRequests);
    const run = async (): Promise<void> => {
      await Promise.race([informer.whenSynced(), sleep(clock, hourMs, signal)]);
      while (!signal.aborted) {
        for (const request of informer.list()) {
          if (!isSpent(request, options.signing, clock.now())) continue;
          const asked = client.delete(signingRequests, '', request.metadata?.name ?? '');
          await unlessMissing(asked).catch((error: unknown) => onError(error, name));
        }
        await sleep(clock, hourMs, signal);
      }
    };
    return { name, queues: [], ended: run() };
  },
};
