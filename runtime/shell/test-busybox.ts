import { createNetwork } from '../network/create-network.ts';
import { startTestContainer } from '../simulated/test-container.ts';

const clock = {
  now: () => Date.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A container with a shell and tools in which nothing happens but what a test does; on the machine's time. */
export function startBusybox(next: () => number = () => 0.5): ReturnType<typeof startTestContainer> {
  return startTestContainer({
    clock,
    random: { next, uuid: () => '00000000-0000-4000-8000-000000000000' },
    network: createNetwork({ hostIp: '172.18.0.1' }).open({ node: 'node-0', ips: ['10.0.0.2'] }),
    container: { name: 'main', image: 'busybox', command: ['sleep', '1000'] },
    log: () => undefined,
  });
}
