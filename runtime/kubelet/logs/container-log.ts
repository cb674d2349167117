import { goQuote } from '../../../api/go-text.ts';
import { badRequest } from '../../../api/status.ts';
import type { ContainerRecord } from '../container-record.ts';
import type { LogBuffer } from './log-buffer.ts';

/** Which attempt's log is meant, as a kubelet chooses by the container's state. Throws in its words where there is none yet. */
export function logOf(record: ContainerRecord, pod: string, isPrevious: boolean): LogBuffer | undefined {
  const { spec, state, last, logs } = record;
  const words = (quoted: string): string => `container ${goQuote(spec.name ?? '')} in pod ${goQuote(pod)} ${quoted}`;
  // While it waits to start again, its last end is the newest attempt.
  const lastLog = state.is === 'waiting' ? logs.newest : logs.before;
  if (isPrevious) {
    if (last === undefined || last.id === '') throw badRequest(`previous terminated ${words('not found')}`);
    return lastLog;
  }
  if (state.is !== 'waiting') return logs.newest;
  if (last !== undefined) return lastLog;
  switch (state.reason) {
    case 'ErrImagePull':
      throw badRequest(words("is waiting to start: image can't be pulled"));
    case 'ImagePullBackOff':
      throw badRequest(words('is waiting to start: trying and failing to pull image'));
    default:
      throw badRequest(words(`is waiting to start: ${state.reason}`));
  }
}
