import { sleep } from '../../../client/sleep.ts';
import { durationText, klog } from '../go-command.ts';
import type { CommandProgram } from './command.ts';

const methods = ['GET', 'POST', 'PUT'];
const namespaces = ['kube-system', 'default', 'ns'];
const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** So many lines, evenly over so long a time. */
export const logsGenerator: CommandProgram = async (context, flags) => {
  const { clock, killed, random } = context;
  const total = flags.number('log-lines-total');
  const duration = flags.number('run-duration');
  const log = klog(context, 'logs_generator.go:76');
  if (total <= 0) log(`Invalid total number of lines: ${total}`, 'F');
  else if (duration <= 0) log(`Invalid duration: ${durationText(duration)}`, 'F');
  if (total <= 0 || duration <= 0) return 255;
  const below = (limit: number): number => Math.floor(random.next() * limit);
  for (let id = 0; id < total && !killed.aborted; id++) {
    const name = Array.from({ length: 3 + below(2) }, () => letters[below(letters.length)]).join('');
    const url = `/api/v1/namespaces/${namespaces[below(3)]}/pods/${name}`;
    log(`${id} ${methods[below(3)]} ${url} ${200 + below(400)}`);
    await sleep(clock, duration / total, killed);
  }
  return 0;
};
